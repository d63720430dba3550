"""Owns the lines of `ingest-gaps.jsonl`: what could not be read, and what states nothing but a gap.

Each line is what the bytes of one record tell, so that it is the same in whatever file they lay. What could
not be read stays from one ingest to the next, until its bytes can be read; what states a gap is kept among
what belongs to no incident and looked at again every time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from evidence import json_strict
from evidence.anchors import sha256_of
from evidence.ingest.grouping import statement
from evidence.ingest.index import in_batches
from evidence.ingest.pipeline import Ingest
from evidence.ingest.raw_bytes import RawBytes
from evidence.ingest.refused import pieces_of_file
from evidence.ingest.sound_beginning import TIMES, moment_of, reader_of_beginning
from evidence.intake.left_out import INGEST_GAPS, REFUSED_GAP, read_left_out
from evidence.intake.records import not_utf8, oversized, read_file
from evidence.json_strict import JsonRefused
from evidence.readers import Gap
from evidence.readers.registry import READERS
from evidence.times import format_rfc3339

_SOURCES = {reader.format: reader.source for reader in READERS}
_TEXTS = ("gap", "source", "subject", "detail", "pointer")
_MOMENTS = ("begin", "end", "received")
_LINES = pa.schema(
    [
        *((name, pa.string()) for name in _TEXTS),
        *((name, pa.int64()) for name in _MOMENTS),
        ("sha256", pa.binary()),
    ]
)
_BATCH_COUNT = 20_000
_Line = tuple[Any, ...]
"""The values of one line, in the order of _LINES."""


def keep_left_out(ingest: Ingest, raw: RawBytes, aside: Path) -> None:
    """Write the file anew to `aside`, empty without a line. They are gathered on disk, however many."""
    gathered = ingest.index.scratch / "left-out.parquet"
    with pq.ParquetWriter(gathered, _LINES) as writer:
        for lines in (_held(ingest), _unreadable(ingest, raw), _declared(ingest, raw)):
            while batch := list(islice(lines, _BATCH_COUNT)):
                columns = [list(column) for column in zip(*batch, strict=True)]
                writer.write_table(pa.table(columns, schema=_LINES))
    _write(ingest, gathered, aside)


def _held(ingest: Ingest) -> Iterator[_Line]:
    """What earlier ingests could not read."""
    for line in read_left_out(ingest.request.into / INGEST_GAPS):
        if line.gap == REFUSED_GAP:
            yield (
                *(getattr(line, name) for name in (*_TEXTS, *_MOMENTS)),
                bytes.fromhex(line.sha256),
            )


# --- what could not be read


def _unreadable(ingest: Ingest, raw: RawBytes) -> Iterator[_Line]:
    answer = ingest.index.connection.execute(
        "select settled.file_id, records.start, records.length, settled.sha256, settled.format,"
        " settled.reason, records.first_at, records.last_at, files.received_at"
        " from settled join records using (record_id) join files on files.file_id = settled.file_id"
        " where settled.reason <> '' and (files.held_by is null or settled.reason = 'conflicting_identity')"
        " order by settled.file_id, settled.ordinal"
    )
    for file_id, rows in groupby(in_batches(answer), key=lambda row: row[0]):
        if ingest.index.facts[file_id].is_refused:
            (row, *_) = rows
            yield from _of_file(ingest, file_id, row)
        else:
            yield from (_of_record(row, raw) for row in rows)


def _of_record(row: Any, raw: RawBytes) -> _Line:
    file_id, start, length, sha256, format_, reason, first_at, last_at, received_at = row
    if first_at is None and format_ in TIMES and length:
        first_at = last_at = moment_of(raw.read(file_id, start, length, sha256), format_)
    return _line(format_, _reason(format_, reason), first_at, last_at, received_at, sha256)


def _of_file(ingest: Ingest, file_id: int, row: Any) -> Iterator[_Line]:
    """Of a file none of which is recognised each piece that is kept: elsewhere it is a line among others."""
    *_, sha256, _, reason, _, _, received_at = row
    is_empty = True
    for piece in pieces_of_file(ingest.index.sources[file_id].path):
        is_empty = False
        reader = reader_of_beginning(piece)
        format_ = reader.format if reader else None
        moment = moment_of(piece, format_)
        digest = bytes.fromhex(sha256_of(piece))
        yield _line(format_, _fault_of(piece), moment, moment, received_at, digest)
    if is_empty:  # a link, or too large to be kept
        yield _line(None, reason, None, None, received_at, sha256)


def _fault_of(piece: bytes) -> str:
    refusal = oversized(piece) or not_utf8(piece)
    if refusal:
        return refusal[0]
    try:
        json_strict.parse(piece)
    except JsonRefused as refused:
        return refused.reason
    return "unknown_format"


def _reason(format_: str | None, reason: str) -> str:
    """The reason as far as the bytes give it: what lies behind or around a record tells the rest."""
    if reason == "truncated":
        return "json_invalid"
    if format_ is None and reason not in ("json_invalid", "not_utf8", "size_exceeded"):
        return "unknown_format"
    return reason


def _line(
    format_: str | None,
    reason: str,
    begin: int | None,
    end: int | None,
    received: int | None,
    sha256: bytes,
) -> _Line:
    return (REFUSED_GAP, _SOURCES.get(format_ or "", ""), reason, "", "", begin, end, received, sha256)


# --- what states nothing but a gap


def _declared(ingest: Ingest, raw: RawBytes) -> Iterator[_Line]:
    """The gaps of what belongs to no incident and has no time, read as intake reads them."""
    answer = ingest.index.connection.execute(
        "select format, received_at, file_id, start, length, sha256 from units"
        " where incident_id = '' and first_at is null order by format, sha256, file_id"
    )
    for format_, received_at, file_id, start, length, sha256 in in_batches(answer):
        reading = read_file(raw.read(file_id, start, length, sha256), ingest.index.settings, received_at)
        for record in reading.records:
            if not (record.reason or record.events):
                for gap in record.gaps:
                    yield _gap_line(format_, gap, received_at, bytes.fromhex(record.sha256))
        for declared in reading.envelope_gaps:
            if not declared.events:
                digest = bytes.fromhex(declared.document_sha256)
                yield _gap_line(format_, declared.gap, received_at, digest)
        for reader, page in reading.pages:
            if reader.pages_stand_alone and not page.events:
                digest = bytes.fromhex(page.document_sha256)
                for _, gap in reader.page_gaps([page]):
                    yield _gap_line(format_, gap, received_at, digest)


def _gap_line(format_: str, gap: Gap, received: int | None, sha256: bytes) -> _Line:
    return (
        gap.gap,
        _SOURCES[format_],
        gap.subject,
        gap.detail,
        gap.pointer,
        None,
        None,
        received,
        sha256,
    )


# --- the file


def _write(ingest: Ingest, gathered: Path, aside: Path) -> None:
    answer = ingest.index.connection.execute(statement("left_out"), [str(gathered)])
    with aside.open("wb") as handle:
        handle.writelines(_text(row) for row in in_batches(answer))


def _text(row: Any) -> bytes:
    values: dict[str, Any] = dict(zip((*_TEXTS, *_MOMENTS, "sha256"), row, strict=True))
    told = {
        name: format_rfc3339(value) if name in _MOMENTS else value
        for name, value in values.items()
        if value not in (None, "") or name in ("source", "subject")
    }
    return json.dumps(told, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
