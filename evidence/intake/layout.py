"""Owns the layout of an export file: gzip, Parquet or plain; one JSON document, several, or lines."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from evidence import archives, gzip_streams
from evidence.export_files import FILE_BYTES_MAX
from evidence.json_spans import Containers, Document, Element, IsEnvelope, skip_blank, walk_document
from evidence.parquet_pages import ParquetRefused
from evidence.parquet_rows import is_parquet, rows_as_lines
from evidence.record_lines import lines_of

_PIECE_BYTES_MAX = 8 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


def decompress(content: bytes, size_max: int = FILE_BYTES_MAX) -> tuple[bytes, str, str]:
    """(bytes, fault, detail): the content itself, or what gzip unpacks to; at most `size_max` bytes.

    A gzip stream that ends early gives what there is and the fault `truncated`; one that is damaged or
    too large gives nothing, because none of it can be trusted. Parquet gives its rows as lines of JSON.
    """
    if is_parquet(content):
        return _rows(content, size_max)
    if content.startswith(gzip_streams.MAGIC):
        content, fault, detail = _unpacked(content, size_max)
    elif len(content) > size_max:
        return b"", "size_exceeded", f"the file has {len(content)} bytes; at most {size_max} are read"
    else:
        fault = detail = ""
    refusal = archives.refusal_of(content)
    return (b"", "unknown_format", refusal) if refusal else (content, fault, detail)


def _unpacked(content: bytes, size_max: int) -> tuple[bytes, str, str]:
    parts: list[bytes] = []
    size = 0
    try:
        for piece in gzip_streams.unpacked([content], min(size_max + 1, _PIECE_BYTES_MAX)):
            parts.append(piece)
            size += len(piece)
            if size > size_max:
                return b"", "size_exceeded", f"the file unpacks to more than {size_max} bytes"
    except gzip_streams.GzipDamaged as damaged:
        return b"", "unknown_format", str(damaged)
    except gzip_streams.GzipCutOff:
        return b"".join(parts), "truncated", "the gzip stream ends early"
    return b"".join(parts), "", ""


def _rows(content: bytes, size_max: int) -> tuple[bytes, str, str]:
    try:
        return rows_as_lines(content, size_max), "", ""
    except ParquetRefused as refused:
        return b"", refused.reason, refused.detail


class Layout:
    """The top-level JSON values of a file and the lines between them, as spans of its (unpacked) bytes.

    `text` is the bytes as Latin-1; `containers` are the paths at which any reader looks for records, and
    `is_envelope` tells the objects that have such paths from records, where they stand in an array.
    """

    def __init__(
        self, data: bytes, containers: Containers, is_envelope: IsEnvelope = lambda value: False
    ) -> None:
        self.data = data
        self.is_envelope = is_envelope
        self.text = data.decode("latin-1")
        self.containers = containers
        self.start = skip_blank(self.text, len(_BOM) if data.startswith(_BOM) else 0)
        self.end = max(self.start, len(self.text.rstrip(" \t\r\n")))

    def documents(self) -> list[Document]:
        """In order: walked documents where the file holds whole documents, else its lines, not walked yet."""
        if self.start == len(self.text):
            return []
        if self._begins_with_lines():
            return list(self._lines())
        first = self._walked(self.data, self.text, self.start)
        first.is_walked = True
        if first.is_broken and all(element.fault for element in first.elements):
            lines = list(self._lines())
            return lines if any(self._is_json(line) for line in lines) else [first]
        return [first, *self._following(first.end)]

    def walk(self, line: Document) -> None:
        """Look into a line for containers, if it has not been done; its spans are those of the file."""
        if line.is_walked or not self.is_json_like(line):
            return
        line.is_walked = True
        inner = slice(line.start, line.end)
        walked = self._walked(self.data[inner], self.text[inner], 0)
        if walked.is_broken or walked.end < line.end - line.start:
            return  # The strict parser says what is wrong with the line as a whole.
        line.envelope, line.is_container = walked.envelope, walked.is_container
        line.elements = [_shifted(element, line.start) for element in walked.elements]

    def _walked(self, data: bytes, text: str, start: int) -> Document:
        return walk_document(data, text, start, self.containers, self.is_envelope)

    def is_json_like(self, document: Document) -> bool:
        """Whether it begins as an object or array does."""
        return self.text[document.start : document.start + 1] in ("{", "[")

    def _begins_with_lines(self) -> bool:
        if self.text[self.start] not in "[{":
            return True
        first = self._line_at(self.start)
        return first.end < self.end and self._is_json(first)

    def _lines(self) -> Iterator[Document]:
        for start, line in lines_of(self.data):
            end = start + len(line)
            if line and end > self.start:  # not the mark of byte order alone
                yield Document(max(start, self.start), end)

    def _line_at(self, position: int) -> Document:
        end = self.text.find("\n", position)
        end = len(self.text) if end < 0 else end
        while self.text[end - 1] in " \t\r" and end > position:
            end -= 1
        return Document(position, end)

    def _following(self, position: int) -> Iterator[Document]:
        """Further documents behind the first, on one line or several, with other lines between them."""
        position = skip_blank(self.text, position)
        while position < self.end:
            document = self._line_at(position)
            if self.is_json_like(document):
                document = self._walked(self.data, self.text, position)
                document.is_walked = True
            yield document
            position = skip_blank(self.text, document.end)

    def _is_json(self, document: Document) -> bool:
        try:
            orjson.loads(self.data[document.start : document.end])
        except orjson.JSONDecodeError:
            return False
        return True


def _shifted(element: Element, by: int) -> Element:
    return Element(element.start + by, element.end + by, element.enclosing, element.fault, element.detail)
