"""Owns the first pass over one export: every record with its place, its digest and what it states.

As intake reads (evidence.intake.records), with two differences. Files of lines are read in pieces, so that
their size does not matter; one document is held whole, and refused above FILE_BYTES_MAX. And every line or
document speaks for itself: which reader reads it does not hang on the others in the file, so that the same
lines split over other files are the same records.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evidence import archives, json_strict
from evidence.export_files import unreadable
from evidence.ingest.scanned import (
    SAMPLE_COUNT,
    Enclosing,
    FileFacts,
    Scanned,
    Span,
    begins_with_lines,
    declares,
    faulty,
    fill,
    holds_records,
    reader_of,
    refuse_unrecognised,
    rest_of,
    stand_in,
    walked,
)
from evidence.ingest.sound_beginning import format_of
from evidence.ingest.streams import BYTE_ORDER_MARK, ExportStream, StreamRefused, whole_lines
from evidence.intake.layout import Layout, decompress
from evidence.intake.records import RECORD_BYTES_MAX, oversized
from evidence.intake.unrecognised import why_unrecognised
from evidence.json_spans import Document, Element, is_cut_off
from evidence.json_strict import JsonRefused
from evidence.parquet_rows import is_parquet
from evidence.readers import Around, Reader
from evidence.readers.registry import CONTAINERS, is_envelope, recognise_bare
from evidence.record_lines import deep_length, lines_of
from evidence.settings import Settings

WHOLE_BYTES_MAX = 32 * 1024 * 1024
"""Files up to this size are read at once; of larger ones the beginning tells lines from documents."""
_BRACE = ord("{")
BATCH_COUNT = 200
"""Lines handed on at once: few enough that what they state is still in the processor's cache."""


class FileScan:
    """One file. Iterate `batches()` to its end; then `facts` tells what it was."""

    facts: FileFacts
    _export: ExportStream

    def __init__(self, path: Path, settings: Settings, received_at: int | None = None) -> None:
        self.path = path
        self.settings = settings
        self.received_at = received_at
        self.formats: dict[str, None] = {}
        self.hint: Reader | None = None
        self.line = 1
        self._around = Around(settings, (), received_at)

    def batches(self) -> Iterator[list[Scanned]]:
        """Records in order, some at a time. Never raises for what the bytes say."""
        content = stand_in(self.path)
        if content is None:
            try:
                with contextlib.closing(ExportStream(self.path)) as self._export:
                    yield from self._stream(self._export)
                return
            except OSError as error:
                content = unreadable(self.path, error)
        self.is_refused = True
        yield [self._refuse(content.fault, content.detail, content.byte_count, content.sha256)]
        self.facts = FileFacts(content.sha256, content.byte_count, False, (), is_refused=True)

    def _stream(self, stream: ExportStream) -> Iterator[list[Scanned]]:
        refusal: tuple[str, str] | None = None
        try:
            chunks = stream.chunks()
            yield from self._read(chunks)
            if self.hint is None and stream.is_gzip:
                # A bomb is one whatever it begins with, and so is a damaged stream.
                deque(chunks, maxlen=0)
        except StreamRefused as refused:
            refusal = (refused.reason, refused.detail)
        sha256 = stream.sha256
        if refusal is None and self.hint is None:
            # Of a stream that ends before it gave anything nothing else would be said.
            cut_off = ("truncated", "the gzip stream ends early") if stream.is_cut_off else None
            refusal = self._unknown or cut_off
        if refusal is not None:
            self.is_refused = True
            yield [self._refuse(*refusal, stream.byte_count, sha256)]
        self.facts = FileFacts(
            sha256,
            stream.byte_count,
            not (stream.is_gzip or self._is_rows),
            tuple(self.formats),
            is_refused=refusal is not None,
        )

    _unknown: tuple[str, str] | None = None
    _is_rows = False
    is_refused = False

    def _read(self, chunks: Iterator[bytes]) -> Iterator[list[Scanned]]:
        parts: list[bytes] = []
        size = 0
        for chunk in chunks:
            parts.append(chunk)
            size += len(chunk)
            if size > WHOLE_BYTES_MAX:
                break
        data = b"".join(parts)
        parts.clear()
        refusal = archives.refusal_of(data)
        if refusal:
            raise StreamRefused("unknown_format", refusal)
        if size <= WHOLE_BYTES_MAX:
            yield from self._whole(self._rows(data))
        elif not is_parquet(data) and begins_with_lines(data):
            yield from self._lines(data, chunks)
        else:
            yield from self._whole(self._rows(rest_of(data, chunks)))

    def _rows(self, data: bytes) -> bytes:
        """The rows of a Parquet file as lines, which are then what offsets count in."""
        if not is_parquet(data):
            return data
        self._is_rows = True
        rows, fault, detail = decompress(data)
        if fault:
            raise StreamRefused(fault, detail)
        return rows

    def _refuse(self, reason: str, detail: str, byte_count: int, sha256: str) -> Scanned:
        return Scanned(0, byte_count, 1, bytes.fromhex(sha256), None, reason, "", detail)

    # --- one document or several

    def _whole(self, data: bytes) -> Iterator[list[Scanned]]:
        if begins_with_lines(data):
            yield from self._lines(data, iter(()))
            return
        layout = Layout(data, CONTAINERS, is_envelope)
        documents = layout.documents()
        if documents and not any(document.is_walked for document in documents):
            yield from self._lines(data, iter(()))
            return
        self._find_hint(data, documents)
        if self.hint is None:
            return
        position, last = 0, ""
        for document in documents:
            self.line += data.count(b"\n", position, document.start)
            position = document.start
            records = self._document(data, document, document.end >= layout.end)
            last = records[-1].reason if records else last
            yield records
        if self._export.is_cut_off and last != "truncated":
            yield [self._cut_off(len(data))]

    def _find_hint(self, data: bytes, documents: list[Document]) -> None:
        for document in documents[:SAMPLE_COUNT]:
            reader = reader_of(data, document)
            if reader is not None:
                self.hint = reader
                return
        if documents:
            self._unknown = why_unrecognised(data, is_rows=self._is_rows)

    def _document(self, data: bytes, document: Document, is_last: bool) -> list[Scanned]:
        if document.is_container:
            return self._container(data, document, is_last)
        raw = data[document.start : document.end]
        if document.is_broken:
            element = document.elements[0]
            return [faulty(data, element, 0, self.line, None)]
        return [self._bare(raw, document.start, self.line, is_last)]

    def _container(self, data: bytes, document: Document, is_last: bool, base: int = 0) -> list[Scanned]:
        """The records of a document; all of them point to it when one of them needs it."""
        own = reader_of(data, document)
        reader = own or self.hint
        if reader is None:
            all_of_it = Element(document.start, document.end, (), "unknown_format", "no reader recognises it")
            return [faulty(data, all_of_it, base, self.line, None)]
        self._recognised(reader)
        if not document.elements:
            return self._empty(data, document, reader, base)
        records, is_needed = [], False
        line, position = self.line, document.start
        for element in sorted(document.elements, key=lambda each: each.start):
            line += data.count(b"\n", position, element.start)
            position = element.start
            if element.fault:
                records.append(faulty(data, element, base, line, own))
                continue
            raw = data[element.start : element.end]
            enclosing = Enclosing(element.enclosing)
            around = Around(self.settings, enclosing, self.received_at)
            record, value = self._record(raw, base + element.start, line, reader, around)
            if own is None:
                record.format = format_of(raw)
                refuse_unrecognised(record)
            if record.reason == "json_invalid" and is_last and element.end == document.end:
                record.reason, record.detail = "truncated", "the file ends within the record"
            is_needed |= not record.reason and (
                enclosing.is_read or recognise_bare(value) is not reader or holds_records(raw, value)
            )
            records.append(record)
        if is_needed or declares(document, reader, records):
            # One that is cut off reaches to the end of the file, line's end or not.
            raw = data[document.start : document.end].rstrip(b" \t\r\n")
            digest = hashlib.sha256(raw).digest()
            span = Span(base + document.start, len(raw), digest, document.is_broken)
            for record in records:
                record.document = span
        return records

    def _empty(self, data: bytes, document: Document, reader: Reader, base: int) -> list[Scanned]:
        """An answer without records is one record where it declares a gap: that is all that it tells."""
        if not declares(document, reader, []):
            return []
        raw = data[document.start : document.end]
        digest = hashlib.sha256(raw).digest()
        return [Scanned(base + document.start, len(raw), self.line, digest, reader.format)]

    def _cut_off(self, position: int) -> Scanned:
        digest = hashlib.sha256(b"").digest()
        hint = self.hint.format if self.hint else None
        return Scanned(position, 0, self.line, digest, hint, "truncated", "", "the gzip stream ends early")

    # --- lines

    def _lines(self, head: bytes, chunks: Iterator[bytes]) -> Iterator[list[Scanned]]:
        self._find_hint_in_lines(head)
        if self.hint is None:
            return
        last, end = "", 0
        for base, data, is_end in whole_lines(head, chunks):
            last, end = "", base + len(data)
            for records in self._some_lines(data, base, is_last=is_end):
                last = records[-1].reason
                yield records
        if self._export.is_cut_off and last != "truncated":
            yield [self._cut_off(end)]

    def _find_hint_in_lines(self, data: bytes) -> None:
        """The reader of the first line that any knows; a file whose beginning nobody knows is refused."""
        for _, line in lines_of(data[:WHOLE_BYTES_MAX].removeprefix(BYTE_ORDER_MARK)):
            if line[:1] not in (b"{", b"["):
                continue
            document = walked(line)
            reader = reader_of(line, document) if document else None
            if reader is not None:
                self.hint = reader
                return
        if data.strip():
            self._unknown = why_unrecognised(data, is_rows=self._is_rows)

    def _some_lines(self, data: bytes, base: int, *, is_last: bool) -> Iterator[list[Scanned]]:
        found: list[Scanned] = []
        size = len(data.rstrip(b" \t\r\n")) if is_last else 0
        deep = deep_length(data)
        for start, line in lines_of(data):
            if line:
                record = self._plain(line, base + start, len(line) < deep)
                if record is not None:
                    found.append(record)
                else:
                    found += self._line(line, base + start, is_last and start + len(line) >= size)
                if len(found) >= BATCH_COUNT:
                    yield found
                    found = []
            self.line += 1
        if data and not data.endswith(b"\n"):
            self.line -= 1
        if found:
            yield found

    def _plain(self, raw: bytes, start: int, is_shallow: bool) -> Scanned | None:
        """What nearly every line is, one sound record by itself; None where `_line` has to look closer."""
        if raw[0] != _BRACE or len(raw) > RECORD_BYTES_MAX:
            return None
        try:
            value = json_strict.parse(raw, is_shallow)
        except JsonRefused:
            return None
        return self._read_bare(raw, value, start, self.line) if CONTAINERS.keys().isdisjoint(value) else None

    def _line(self, raw: bytes, start: int, is_last: bool) -> list[Scanned]:
        if raw[:1] == b"[" or len(raw) > RECORD_BYTES_MAX:
            document = walked(raw)
            if document is not None and document.is_container:
                return self._container(raw, document, is_last, start)
        return self._bare_or_container(raw, start, is_last)

    def _bare_or_container(self, raw: bytes, start: int, is_last: bool) -> list[Scanned]:
        try:
            value = json_strict.parse(raw) if len(raw) <= RECORD_BYTES_MAX else None
        except JsonRefused as refused:
            # One record that is not JSON does not take the others of its document with it.
            document = walked(raw) if raw[:1] == b"{" else None
            if document is not None and document.is_container:
                return self._container(raw, document, is_last, start)
            return [self._not_json(raw, start, self.line, refused, is_last)]
        if isinstance(value, dict) and not CONTAINERS.keys().isdisjoint(value):
            document = walked(raw)
            if document is not None and document.is_container:
                return self._container(raw, document, is_last, start)
        return [self._read_bare(raw, value, start, self.line)]

    # --- one record

    def _bare(self, raw: bytes, start: int, line: int, is_last: bool) -> Scanned:
        try:
            value = json_strict.parse(raw) if len(raw) <= RECORD_BYTES_MAX else None
        except JsonRefused as refused:
            return self._not_json(raw, start, line, refused, is_last)
        return self._read_bare(raw, value, start, line)

    def _read_bare(self, raw: bytes, value: Any, start: int, line: int) -> Scanned:
        reader = self.hint
        if isinstance(value, dict):
            reader = recognise_bare(value)
            if reader is None:
                return self._unrecognised(raw, value, start, line)
            self._recognised(reader)
        record = Scanned(start, len(raw), line, hashlib.sha256(raw).digest())
        record.format = reader.format if reader and isinstance(value, dict) else format_of(raw)
        if refusal := oversized(raw):
            record.reason, record.detail = refusal
        elif reader is None or not isinstance(value, dict):
            record.reason, record.detail = "field_invalid", "the record is no object"
        else:
            if reader.is_exact:
                value = json_strict.parse_exact(raw)
            fill(record, value, reader, self._around)
        return record

    def _record(
        self, raw: bytes, start: int, line: int, reader: Reader, around: Around
    ) -> tuple[Scanned, Any]:
        """One element of a container, and its value."""
        record = Scanned(start, len(raw), line, hashlib.sha256(raw).digest(), reader.format)
        if refusal := oversized(raw):
            record.reason, record.detail = refusal
            return record, None
        try:
            value = (json_strict.parse_exact if reader.is_exact else json_strict.parse)(raw)
        except JsonRefused as refused:
            record.reason, record.detail = refused.reason, refused.detail
            return record, None
        if isinstance(value, dict):
            fill(record, value, reader, around)
        else:
            record.reason, record.detail = "field_invalid", "the record is no object"
        return record, value

    def _unrecognised(self, raw: bytes, value: Any, start: int, line: int) -> Scanned:
        """A record that no reader knows; what the file's reader says of it is the better reason."""
        record = Scanned(start, len(raw), line, hashlib.sha256(raw).digest())
        if self.hint is not None:
            fill(record, value, self.hint, self._around)
        refuse_unrecognised(record)
        return record

    def _not_json(self, raw: bytes, start: int, line: int, refused: JsonRefused, is_last: bool) -> Scanned:
        record = Scanned(start, len(raw), line, hashlib.sha256(raw).digest())
        record.format = format_of(raw)
        record.reason, record.detail = refused.reason, refused.detail
        text = raw.decode("latin-1")
        if refused.reason == "json_invalid" and is_last and is_cut_off(text, 0, len(text)):
            record.reason, record.detail = "truncated", "the file ends within the record"
        return record

    def _recognised(self, reader: Reader) -> None:
        self.hint = self.hint or reader
        self.formats.setdefault(reader.format)
