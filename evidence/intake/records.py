"""Turns the bytes of one export file into raw records: recognised, split, parsed strictly and read.

Every byte that says something ends up in a record, and a record is evidence or refused with a reason. A file
is of the tool that its first records are of; what is another tool's, by itself or by the object around it, is
read as that tool's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from evidence import json_strict
from evidence.export_files import Content
from evidence.intake.layout import Layout, decompress
from evidence.intake.unrecognised import why_unrecognised
from evidence.json_spans import Document, Element, is_cut_off
from evidence.json_strict import JsonRefused
from evidence.readers import Around, Event, Gap, Reader, RecordRefused, recognise
from evidence.readers.contract import Page, no_page_gaps
from evidence.readers.registry import CONTAINERS, is_envelope, recognise_bare
from evidence.settings import Settings

RECORD_BYTES_MAX = 16 * 1024 * 1024
"""Largest single record read."""
SAMPLE_COUNT = 20
"""Documents, and records of each, that are looked at to recognise a file."""


@dataclass(slots=True)
class RawRecord:
    """One record as it lies in a file. `reason` is empty for evidence; `events` is what it states.

    `reader` is None where no reader was asked.
    """

    start: int
    length: int
    line: int
    sha256: str
    raw: bytes
    reason: str = ""
    field: str = ""
    detail: str = ""
    identity: str | None = None
    original: tuple[str, str] | None = None
    events: tuple[Event, ...] = ()
    gaps: tuple[Gap, ...] = ()
    reader: Reader | None = None


@dataclass(frozen=True, slots=True)
class EnvelopeGap:
    """A gap that the object around records declares; `events` are those of its records."""

    reader: Reader
    document_sha256: str
    gap: Gap
    events: tuple[Event, ...]


@dataclass(slots=True)
class FileReading:
    """What was read from one file: its first reader, its records in order, and what its documents declare.

    `pages` are kept, with their reader, only where that counts over them.
    """

    reader: Reader | None
    records: list[RawRecord] = field(default_factory=list)
    envelope_gaps: list[EnvelopeGap] = field(default_factory=list)
    pages: list[tuple[Reader, Page]] = field(default_factory=list)


def read_file(content: bytes, settings: Settings, received_at: int | None) -> FileReading:
    """All records of a file's bytes as they lie on disk. Never raises for what the bytes say."""
    data, fault, detail = decompress(content)
    if fault and fault != "truncated":
        whole = Element(0, len(content), (), fault, detail)
        return FileReading(None, [_raw_record(content, whole, 1)])
    reading = _FileReader(data, settings, received_at).read()
    is_said = bool(reading.records) and reading.records[-1].reason == "truncated"
    if fault and not is_said:
        end = Element(len(data), len(data), (), fault, detail)
        reading.records.append(_raw_record(data, end, data.count(b"\n") + 1))
    return reading


def refused_file(content: Content) -> FileReading:
    """A file of which there are no bytes to read: one refused record, for all of it."""
    record = RawRecord(0, content.byte_count, 1, content.sha256, content.data, content.fault)
    record.detail = content.detail
    return FileReading(None, [record])


class _FileReader:
    def __init__(self, data: bytes, settings: Settings, received_at: int | None) -> None:
        self.data = data
        self.settings = settings
        self.received_at = received_at
        self.layout = Layout(data, CONTAINERS, is_envelope)
        self.line = 1
        self.line_position = 0

    def read(self) -> FileReading:
        documents = self.layout.documents()
        reader = self._recognise(documents)
        if reader is None:
            return FileReading(None, [self._unknown()] if documents else [])
        reading = FileReading(reader)
        keys = [f'"{path[0]}"'.encode() for path in reader.containers]
        for document in documents:
            if self._may_hold_records(document, keys):
                self.layout.walk(document)
            self._read_document(document, reader, reading)
        return reading

    def _may_hold_records(self, document: Document, keys: list[bytes]) -> bool:
        """Whether a line is worth walking: most lines are one record, and walking costs more than reading."""
        start, end = document.start, document.end
        return self.data.startswith(b"[", start, end) or any(
            self.data.find(key, start, end) >= 0 for key in keys
        )

    def _unknown(self) -> RawRecord:
        reason, detail = why_unrecognised(self.data)
        return _raw_record(self.data, Element(self.layout.start, self.layout.end, (), reason, detail), 1)

    # --- recognition

    def _recognise(self, documents: list[Document]) -> Reader | None:
        looked_at = 0
        for document in documents:
            self.layout.walk(document)
            if document.envelope is None and not document.is_container:
                continue
            reader = recognise(_around(document), list(self._samples(document)))
            looked_at += 1
            if reader is not None or looked_at == SAMPLE_COUNT:
                return reader
        return None

    def _samples(self, document: Document) -> Iterator[dict[str, Any]]:
        if not document.is_container:
            yield document.envelope or {}
            return
        sound = [element for element in document.elements if not element.fault]
        for element in sound[:SAMPLE_COUNT]:
            try:
                value = orjson.loads(self.data[element.start : element.end])
            except orjson.JSONDecodeError:
                continue
            if isinstance(value, dict):
                yield value

    def _reader_of_container(self, document: Document, reader: Reader) -> Reader:
        """The file's reader, unless another knows the document and that does not."""
        envelope = _around(document)
        if envelope is not None and reader.is_envelope(envelope):
            return reader
        samples = list(self._samples(document))
        if not samples or any(reader.is_record(sample) for sample in samples):
            return reader
        return recognise(envelope, samples) or reader

    # --- records

    def _read_document(self, document: Document, reader: Reader, reading: FileReading) -> None:
        if document.is_container:
            self._read_container(document, self._reader_of_container(document, reader), reading)
            return
        for element in _elements_of(document):
            try:
                reading.records.append(self._read_record(element, reader, is_bare=True))
            except _OfAnotherTool as other:
                self._read_foreign(document, element, reader, other.reader, reading)

    def _read_foreign(
        self,
        document: Document,
        element: Element,
        reader: Reader,
        other: Reader | None,
        reading: FileReading,
    ) -> None:
        """What the file's reader does not know: it may be a document around records, or one record."""
        self.layout.walk(document)
        if document.is_container:
            self._read_container(document, self._reader_of_container(document, reader), reading)
        else:
            reading.records.append(self._read_record(element, other or reader))

    def _read_container(self, document: Document, reader: Reader, reading: FileReading) -> None:
        elements = _elements_of(document)
        records = [self._read_record(element, reader) for element in elements]
        reading.records += records
        is_counting = reader.page_gaps is not no_page_gaps
        sha256 = ""
        for envelope, inner in _enveloped(document, elements, records):
            gaps = list(reader.envelope_gaps(envelope))
            if not (gaps or is_counting):
                continue
            sha256 = sha256 or hashlib.sha256(self.data[document.start : document.end]).hexdigest()
            events = tuple(event for record in inner for event in record.events)
            reading.envelope_gaps += [EnvelopeGap(reader, sha256, gap, events) for gap in gaps]
            if is_counting:
                digests = tuple(record.sha256 for record in inner)
                reading.pages.append((reader, Page(envelope, sha256, digests, events)))

    def _read_record(self, element: Element, reader: Reader, *, is_bare: bool = False) -> RawRecord:
        """The record. One that `is_bare`, and of another tool, raises _OfAnotherTool before it is read."""
        self.line += self.data.count(b"\n", self.line_position, element.start)
        self.line_position = element.start
        record = _raw_record(self.data, element, self.line)
        record.reader = reader
        if record.reason:
            return record
        around = Around(self.settings, element.enclosing, self.received_at)
        try:
            _fill(record, reader, around, is_bare)
        except JsonRefused as refused:
            record.reason, record.detail = refused.reason, refused.detail
            if refused.reason == "json_invalid" and self._is_cut_off(element):
                record.reason, record.detail = "truncated", "the file ends within the record"
        except RecordRefused as refused:
            record.reason, record.field, record.detail = refused.reason, refused.field, refused.detail
        return record

    def _is_cut_off(self, element: Element) -> bool:
        return element.end == self.layout.end and is_cut_off(self.layout.text, element.start, element.end)


class _OfAnotherTool(Exception):
    """A record that the file's reader does not know; `reader` knows it, unless it is around others."""

    def __init__(self, reader: Reader | None) -> None:
        super().__init__()
        self.reader = reader


def _elements_of(document: Document) -> list[Element]:
    if document.is_container:
        return sorted(document.elements, key=lambda element: element.start)
    if document.is_broken:
        return document.elements
    return [Element(document.start, document.end)]


def _around(document: Document) -> dict[str, Any] | None:
    """The object around the records: the document's own, else that of the first of an array of documents."""
    if document.envelope is not None:
        return document.envelope
    return next((element.enclosing[0] for element in document.elements if element.enclosing), None)


def _enveloped(
    document: Document, elements: list[Element], records: list[RawRecord]
) -> Iterator[tuple[dict[str, Any], list[RawRecord]]]:
    """(outermost object, the records in it), in order."""
    if document.envelope is not None:
        yield document.envelope, records
        return
    together: dict[int, tuple[dict[str, Any], list[RawRecord]]] = {}
    for element, record in zip(elements, records, strict=True):
        if element.enclosing:
            envelope = element.enclosing[0]
            together.setdefault(id(envelope), (envelope, []))[1].append(record)
    yield from together.values()


def _fill(record: RawRecord, reader: Reader, around: Around, is_bare: bool) -> None:
    """Parse and read. Raises JsonRefused and RecordRefused, and then leaves the record without events."""
    value = (json_strict.parse_exact if reader.is_exact else json_strict.parse)(record.raw)
    if not isinstance(value, dict):
        raise RecordRefused("field_invalid", "", "the record is no object")
    if is_bare and not reader.is_record(value):
        other = recognise_bare(value)
        if other is not None or not CONTAINERS.keys().isdisjoint(value):
            raise _OfAnotherTool(other)
    events = tuple(reader.read(value, around))
    identity = reader.identity(value)
    gaps = tuple(reader.record_gaps(value, around))
    record.events, record.identity, record.gaps = events, identity, gaps
    record.original = reader.original(value) if reader.original else None


def _raw_record(data: bytes, element: Element, line: int) -> RawRecord:
    raw = data[element.start : element.end]
    record = RawRecord(element.start, len(raw), line, hashlib.sha256(raw).hexdigest(), raw)
    if element.fault:
        record.reason, record.detail = element.fault, element.detail
        if element.fault == "json_invalid":
            record.reason, record.detail = not_utf8(raw) or (record.reason, record.detail)
    else:
        record.reason, record.detail = oversized(raw) or ("", "")
    return record


def oversized(raw: bytes) -> tuple[str, str] | None:
    """(reason, detail) where the record is larger than what is read."""
    if len(raw) <= RECORD_BYTES_MAX:
        return None
    return "size_exceeded", f"the record has {len(raw)} bytes; at most {RECORD_BYTES_MAX} are read"


def not_utf8(raw: bytes) -> tuple[str, str] | None:
    """(reason, detail) where the bytes are no UTF-8."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as failure:
        return "not_utf8", f"byte {failure.start} is not UTF-8"
    return None
