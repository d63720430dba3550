"""Owns what a first pass says of a record and a file, and the small questions that it asks of bytes."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from evidence import json_strict
from evidence.export_files import FILE_BYTES_MAX, Content, read
from evidence.ingest.sound_beginning import format_of
from evidence.ingest.streams import StreamRefused
from evidence.intake.records import not_utf8
from evidence.intake.stated import stated_digest
from evidence.json_spans import Document, Element, walk_document
from evidence.json_strict import JsonRefused
from evidence.readers import Around, Event, Reader, RecordRefused, recognise
from evidence.readers.contract import Page
from evidence.readers.registry import CONTAINERS, is_envelope, recognise_bare

SAMPLE_COUNT = 20
"""Documents, and records of each, that are looked at to recognise what they are."""
_FIRST = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class Span:
    """A document that has to be copied whole, because its records do not speak for themselves.

    What lies behind one that `is_broken` could be taken for a part of it: it needs a file of its own.
    """

    start: int
    length: int
    sha256: bytes
    is_broken: bool


@dataclass(slots=True)
class Scanned:
    """One record: where it lies, and what it states or why it is refused. `reason` is empty for evidence.

    `stated` is the digest by which records of one identity are known as copies (evidence.intake.stated); of a
    verbatim format it is formed later, and of the few that need it alone.
    """

    start: int
    length: int
    line: int
    sha256: bytes
    format: str | None = None
    reason: str = ""
    field: str = ""
    detail: str = ""
    identity: str | None = None
    stated: bytes | None = None
    thread: tuple[str, str] | None = None
    events: tuple[Event, ...] = ()
    document: Span | None = None

    @property
    def identity_digest(self) -> bytes | None:
        """What stands for the identity among all formats; 16 bytes."""
        if self.identity is None:
            return None
        name = f"{self.format}\n{self.identity}".encode("utf-8", "surrogatepass")
        return hashlib.sha256(name).digest()[:16]


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is known of a file once it is read: digest and size on disk, the formats found in it.

    `is_seekable` says that offsets are those of the file itself. A file that `is_refused` is one refused
    record, whatever was found in it before.
    """

    sha256: str
    byte_count: int
    is_seekable: bool
    formats: tuple[str, ...]
    is_refused: bool = False


class Enclosing(tuple[Any, ...]):
    """The objects around a record, which tells whether a reader looked at them."""

    is_read = False

    def __iter__(self) -> Iterator[Any]:
        self.is_read = True
        return super().__iter__()

    def __getitem__(self, index: Any) -> Any:
        self.is_read = True
        return super().__getitem__(index)

    def __len__(self) -> int:
        self.is_read = True
        return super().__len__()


def begins_with_lines(data: bytes) -> bool:
    """Whether these are lines and no documents: the first line is JSON by itself, or no JSON at all."""
    match = _FIRST.match(data)
    start = match.end() if match else 0
    if data[start : start + 1] not in (b"{", b"["):
        return start < len(data)
    end = data.find(b"\n", start)
    if end < 0 or _FIRST.fullmatch(data, end):
        return False
    try:
        orjson.loads(data[start:end])
    except orjson.JSONDecodeError:
        return False
    return True


def fill(record: Scanned, value: Any, reader: Reader, around: Around) -> None:
    """Read the value; a refusal leaves the record without events."""
    try:
        events = tuple(reader.read(value, around))
        record.identity = reader.identity(value)
        record.thread = reader.thread(value)
        gaps = tuple(reader.record_gaps(value, around))  # what cannot be declared is refused by intake too
        if record.identity is not None and not reader.is_verbatim:
            record.stated = stated_digest(events, gaps)
        record.events = events
    except RecordRefused as refused:
        record.reason, record.field, record.detail = refused.reason, refused.field, refused.detail


def faulty(data: bytes, element: Element, base: int, line: int, own: Reader | None) -> Scanned:
    """A span that no parser follows; `own` is the reader of the document that it lies in."""
    raw = data[element.start : element.end]
    reason, detail = element.fault, element.detail
    if reason == "json_invalid":
        reason, detail = not_utf8(raw) or (reason, detail)
    format_ = own.format if own else format_of(raw)
    digest = hashlib.sha256(raw).digest()
    return Scanned(base + element.start, len(raw), line, digest, format_, reason, "", detail)


def refuse_unrecognised(record: Scanned) -> None:
    """Taken in for its neighbours' sake, it would be lost as soon as it lies elsewhere."""
    if not record.reason:
        record.events, record.identity = (), None
        record.reason, record.detail = "unknown_format", "no reader recognises the record by itself"


def walked(line: bytes) -> Document | None:
    """The line looked into for containers; None where it is not one whole document."""
    document = walk_document(line, line.decode("latin-1"), 0, CONTAINERS, is_envelope)
    return None if document.is_broken or document.end < len(line) else document


def holds_records(raw: bytes, value: Any) -> bool:
    """Whether the record, by itself, would be taken for a document around others."""
    if CONTAINERS.keys().isdisjoint(value):
        return False
    document = walked(raw)
    return document is not None and document.is_container


def reader_of(data: bytes, document: Document) -> Reader | None:
    """Who reads the document, by what it holds and by what is around that."""
    if not document.is_container:
        return recognise_bare(document.envelope) if document.envelope is not None else None
    samples = []
    for element in [each for each in document.elements if not each.fault][:SAMPLE_COUNT]:
        try:
            value = json_strict.parse(data[element.start : element.end])
        except JsonRefused:
            continue
        if isinstance(value, dict):
            samples.append(value)
    return recognise(next(iter(envelopes(document)), None), samples)


def envelopes(document: Document) -> list[Any]:
    """The outermost objects around the records of the document, each once."""
    if document.envelope is not None:
        return [document.envelope]
    return list({id(e.enclosing[0]): e.enclosing[0] for e in document.elements if e.enclosing}.values())


def declares(document: Document, reader: Reader, records: Sequence[Scanned]) -> bool:
    """Whether the objects around the records, which come in their order, say what is lacking.

    What is counted over all pages of a source is not known yet.
    """
    around = envelopes(document)
    if any(True for each in around for _ in reader.envelope_gaps(each)):
        return True
    if not reader.pages_stand_alone:
        return False
    elements = sorted(document.elements, key=lambda element: element.start)
    holders = [element.enclosing[0] if element.enclosing else None for element in elements]
    pages = []
    for each in around:
        its = [record for held_by, record in zip(holders, records, strict=True) if held_by is each]
        pages.append(Page(each, "", (), tuple(event for record in its for event in record.events)))
    return any(True for _ in reader.page_gaps(pages))


def rest_of(head: bytes, chunks: Iterator[bytes]) -> bytes:
    """All of one document. Raises StreamRefused above FILE_BYTES_MAX."""
    parts, size = [head], len(head)
    for chunk in chunks:
        size += len(chunk)
        if size > FILE_BYTES_MAX:
            detail = f"one document has more than {FILE_BYTES_MAX} bytes; only files of lines may be larger"
            raise StreamRefused("size_exceeded", detail)
        parts.append(chunk)
    return b"".join(parts)


def stand_in(path: Path) -> Content | None:
    """What stands for an entry that has no bytes to read: a link, a pipe, a file that is kept shut."""
    try:
        if stat.S_ISREG(os.lstat(path).st_mode):
            with path.open("rb"):
                return None
    except OSError:
        pass
    return read(path)
