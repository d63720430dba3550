"""Builds the intake tables from a folder of incidents: read, resolve, lay out by column."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from evidence.errors import ContractError
from evidence.export_files import path_text, read
from evidence.intake.catalogue import read_catalogue
from evidence.intake.discovery import IncidentFolder, find_catalogue, find_incidents, find_unclaimed
from evidence.intake.incident_file import incident_row
from evidence.intake.incident_records import RECORDS_FILE, load_records
from evidence.intake.left_out import INGEST_GAPS, Heard, gaps_left_out, read_left_out
from evidence.intake.records import RECORD_BYTES_MAX, FileReading, RawRecord, read_file, refused_file
from evidence.intake.resolution import Placed, resolve
from evidence.intake.reviews import REVIEWS_FILE, latest_answers, read_reviews, reviews_of
from evidence.readers import Event, Gap, Reader
from evidence.readers.contract import Page
from evidence.settings import Settings
from evidence.tables import Tables, arrow_schema, conform, table_from_rows
from evidence.times import CLOCK_SKEW_SECONDS, NS_PER_SECOND
from expectations.tables import TABLES

Rows = list[dict[str, Any]]


@dataclass
class _Rows:
    files: Rows = field(default_factory=list)
    records: Rows = field(default_factory=list)
    quarantine: dict[tuple[str, str], tuple[Any, dict[str, Any]]] = field(default_factory=dict)
    events: Rows = field(default_factory=list)
    gaps: dict[tuple[str, ...], dict[str, Any]] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)


def build(
    root: Path, settings: Settings, keep_bytes: Callable[[bytes], str], own_folders: Sequence[Path] = ()
) -> Tables:
    """All intake tables of the incidents below `root`.

    `keep_bytes` stores raw bytes and returns their SHA-256: it gets every export and catalogue file.
    `own_folders` are ours (warehouse, output), should they lie below the root: nothing in them is input.
    Raises InputError when a file that people write (incident, catalogue) is at fault; what the tools
    wrote never raises, it is quarantined.
    """
    root = root.absolute()
    folders = find_incidents(root)
    rows = _Rows()
    for folder in folders:
        _read_incident(folder, root, settings, keep_bytes, rows)
    lines = read_left_out(root / INGEST_GAPS)
    for row in gaps_left_out(lines, rows.heard, settings.delivery_delay_seconds):
        _put_gap(row, rows)
    catalogue = read_catalogue(find_catalogue(root), root, keep_bytes)
    incidents = [folder.incident for folder in folders]
    reviews = reviews_of(incidents, read_reviews(root / REVIEWS_FILE))
    labels = latest_answers(reviews)
    edges = [{"from_ref": start, "to_ref": end} for start, end in sorted(catalogue.dependencies)]
    return {
        "intake.files": table_from_rows("intake.files", rows.files),
        "intake.unclaimed_files": table_from_rows(
            "intake.unclaimed_files", find_unclaimed(root, own_folders)
        ),
        "intake.raw_records": _by_column("intake.raw_records", rows.records),
        "intake.quarantine": _by_column("intake.quarantine", [row for _, row in rows.quarantine.values()]),
        "intake.evidence_events": _by_column("intake.evidence_events", rows.events),
        "intake.incidents": table_from_rows(
            "intake.incidents", [incident_row(each, labels.get(each.id, {})) for each in incidents]
        ),
        "intake.reviews": table_from_rows("intake.reviews", reviews),
        "intake.incident_records": load_records(root / RECORDS_FILE),
        "intake.services": table_from_rows("intake.services", catalogue.services),
        "intake.dependencies": table_from_rows("intake.dependencies", edges),
        "intake.declared_gaps": _by_column("intake.declared_gaps", list(rows.gaps.values())),
    }


def build_folders(
    folders: Sequence[IncidentFolder], root: Path, settings: Settings, keep_bytes: Callable[[bytes], str]
) -> Tables:
    """What the exports of `folders` hold, each read as `build` reads it: files, records, quarantine, events.

    Nothing else is asked for: no catalogue, no account of an ingest, no incident.yaml.
    """
    rows = _Rows()
    for folder in folders:
        _read_incident(folder, root, settings, keep_bytes, rows)
    return {
        "intake.files": table_from_rows("intake.files", rows.files),
        "intake.raw_records": _by_column("intake.raw_records", rows.records),
        "intake.quarantine": _by_column("intake.quarantine", [row for _, row in rows.quarantine.values()]),
        "intake.evidence_events": _by_column("intake.evidence_events", rows.events),
    }


def _read_incident(
    folder: IncidentFolder, root: Path, settings: Settings, keep_bytes: Callable[[bytes], str], rows: _Rows
) -> None:
    placed: list[Placed] = []
    readings: list[tuple[str, str, int, FileReading, list[Placed]]] = []
    pages: list[tuple[Reader, Page, int | None]] = []
    for path in folder.exports:
        content = read(path)
        received_at = folder.incident.received.get(path_text(path.relative_to(folder.folder)))
        reading = refused_file(content) if content.fault else read_file(content.data, settings, received_at)
        where = path_text(path.relative_to(root))
        # A file that is not held stays where it is: nothing in it can be cited.
        sha256 = content.unheld_sha256 or keep_bytes(content.data)
        here = [
            _place(where, sha256, ordinal, record, settings, received_at)
            for ordinal, record in enumerate(reading.records)
        ]
        for one in here:
            # A record that states no event has no time of its own; its gaps count as an empty export's.
            one.declared_at = min(one.known_at, default=received_at or folder.incident.window.end)
        placed += here
        readings.append((where, sha256, content.byte_count, reading, here))
        _add_envelope_gaps(folder, reading, settings, received_at, rows)
        pages += [(reader, page, received_at) for reader, page in reading.pages]
    resolve(placed)
    for where, sha256, byte_count, reading, here in readings:
        rows.files.append(_file_row(folder.incident.id, where, sha256, byte_count, reading, here))
    for one in placed:
        _add_record(folder.incident.id, one, rows)
    _add_format_gaps(folder.incident.id, placed, rows)
    _add_page_gaps(folder, pages, settings, rows)
    _add_clock_gaps(folder.incident.id, placed, rows)
    rows.heard.append(_heard(folder, placed))


def _heard(folder: IncidentFolder, placed: list[Placed]) -> Heard:
    """When each source was first heard of; a lake speaks for itself and for the tools in it."""
    first: dict[str, int] = {}
    for one in placed:
        if one.status != "evidence" or one.reader is None:
            continue
        for event, known_at in zip(one.record.events, one.known_at, strict=True):
            for source in {one.reader.source, event.get("source", one.reader.source)}:
                first[source] = min(known_at, first.get(source, known_at))
    window = folder.incident.window
    return Heard(folder.incident.id, window.start, window.end, first)


def _place(
    path: str,
    file_sha256: str,
    ordinal: int,
    record: RawRecord,
    settings: Settings,
    received_at: int | None,
) -> Placed:
    reader = record.reader
    known_at = tuple(_known_at(event, reader, settings, received_at) for event in record.events)
    basis = "delay" if received_at is None else "recorded"
    placed = Placed(path, ordinal, file_sha256, reader, record, known_at, basis)
    arrivals = ((event, received_at or event.get("known_at")) for event in record.events)
    placed.lead_ns = max((event["event_time"] - at for event, at in arrivals if at is not None), default=0)
    return placed


def _known_at(event: Event, reader: Reader | None, settings: Settings, received_at: int | None) -> int:
    """The recorded arrival, never before the event itself; else the event's time and the source's delay.

    Where the file's arrival is not recorded, the one that the record itself tells counts.
    """
    recorded = received_at if received_at is not None else event.get("known_at")
    if recorded is not None:
        return max(event["event_time"], recorded)
    delay = settings.delivery_delay_seconds[event.get("source", reader.source)] if reader else 0
    return event["event_time"] + delay * NS_PER_SECOND


def _file_row(
    incident_id: str, path: str, sha256: str, byte_count: int, reading: FileReading, placed: list[Placed]
) -> dict[str, Any]:
    counts = dict.fromkeys(("evidence", "duplicate", "quarantined"), 0)
    for one in placed:
        counts[one.status] += 1
    if sum(counts.values()) != len(reading.records):
        raise ContractError(f"{path}: {len(reading.records)} records read, but {counts} accounted for")
    return {
        "incident_id": incident_id,
        "path": path,
        "file_sha256": sha256,
        "format": reading.reader.format if reading.reader else None,
        "byte_count": byte_count,
        "record_count": len(reading.records),
        **{f"{status}_count": count for status, count in counts.items()},
    }


def _add_record(incident_id: str, one: Placed, rows: _Rows) -> None:
    record = one.record
    location = {
        "path": one.path,
        "ordinal": one.ordinal,
        "file_sha256": one.file_sha256,
        "byte_offset": record.start,
        "byte_length": record.length,
        "record_sha256": record.sha256,
    }
    rows.records.append(
        {
            **location,
            "incident_id": incident_id,
            "format": one.reader.format if one.reader else None,
            "status": one.status,
            "raw": None if one.reader and one.reader.has_secrets else _text(record),
        }
    )
    if one.status == "evidence":
        _add_events(incident_id, one, location, rows)
    elif one.status == "quarantined":
        _add_quarantine(incident_id, one, location, rows)


def _add_events(incident_id: str, one: Placed, location: dict[str, Any], rows: _Rows) -> None:
    reader = one.reader
    assert reader is not None  # only a recognised file has evidence
    seen: dict[str, int] = {}
    for event, known_at in zip(one.record.events, one.known_at, strict=True):
        pointer = event["pointer"]
        # Several events may lie in one text that no pointer reaches into: their order tells them apart.
        place = seen[pointer] = seen.get(pointer, -1) + 1
        name = f"{one.record.sha256}{pointer}" + (f"\0{place}" if place else "")
        digest = hashlib.sha256(name.encode()).hexdigest()[:32]
        rows.events.append(
            {
                "is_response": False,
                "source": reader.source,
                **event,
                **location,
                "incident_id": incident_id,
                "event_id": digest,
                "known_at": known_at,
                "known_at_basis": "recorded" if "known_at" in event else one.basis,
            }
        )
    for gap in one.record.gaps:
        _add_gap(incident_id, reader, gap, one.record.sha256, one.declared_at, False, rows)


def _add_quarantine(incident_id: str, one: Placed, location: dict[str, Any], rows: _Rows) -> None:
    """One row per distinct record; of several places the first, of several reasons the least."""
    record = one.record
    row = {
        **location,
        "incident_id": incident_id,
        "reason": record.reason,
        "field": record.field,
        "detail": record.detail,
        "line": record.line,
    }
    rank = (record.reason, record.field, record.detail, one.path, one.ordinal)
    key = (incident_id, record.sha256)
    if key not in rows.quarantine or rank < rows.quarantine[key][0]:
        rows.quarantine[key] = (rank, row)


def _add_format_gaps(incident_id: str, placed: list[Placed], rows: _Rows) -> None:
    """What a format lacks by its nature: once per incident, with the first event of which it is true."""
    first: dict[tuple[str, str, str], tuple[tuple[int, str], Reader, Gap]] = {}
    for one in placed:
        reader = one.reader
        if one.status != "evidence" or reader is None:
            continue
        for event, known_at in zip(one.record.events, one.known_at, strict=True):
            for gap in reader.format_gaps(event):
                key, rank = (reader.source, gap.gap, gap.subject), (known_at, one.record.sha256)
                if key not in first or rank < first[key][0]:
                    first[key] = (rank, reader, gap)
    for (known_at, sha256), reader, gap in first.values():
        _add_gap(incident_id, reader, gap, sha256, known_at, False, rows)


def _add_clock_gaps(incident_id: str, placed: list[Placed], rows: _Rows) -> None:
    """Whose clock is ahead of the recipient's: once per source, with the first record that shows it."""
    first: dict[str, tuple[tuple[int, str], Reader, int]] = {}
    for one in placed:
        if (
            one.status != "evidence"
            or one.reader is None
            or one.lead_ns <= CLOCK_SKEW_SECONDS * NS_PER_SECOND
        ):
            continue
        rank = (one.arrival, one.record.sha256)
        if one.reader.source not in first or rank < first[one.reader.source][0]:
            first[one.reader.source] = (rank, one.reader, one.lead_ns // NS_PER_SECOND)
    for (known_at, sha256), reader, seconds in first.values():
        detail = (
            f"its clock is {seconds} s or more ahead of the recipient's: a record arrived before it happened"
        )
        _add_gap(incident_id, reader, Gap("clock_skewed", "arrival", detail), sha256, known_at, False, rows)


def _add_envelope_gaps(
    folder: IncidentFolder, reading: FileReading, settings: Settings, received_at: int | None, rows: _Rows
) -> None:
    for declared in reading.envelope_gaps:
        reader = declared.reader
        known_at = _declared_at(folder, reader, declared.events, settings, received_at)
        _add_gap(folder.incident.id, reader, declared.gap, declared.document_sha256, known_at, True, rows)


def _declared_at(
    folder: IncidentFolder,
    reader: Reader,
    events: Sequence[Event],
    settings: Settings,
    received_at: int | None,
) -> int:
    """With no record to date it by, it counts from the arrival, or from the window's end."""
    times = (_known_at(event, reader, settings, received_at) for event in events)
    return min(times, default=received_at or folder.incident.window.end)


def _add_page_gaps(
    folder: IncidentFolder, pages: list[tuple[Reader, Page, int | None]], settings: Settings, rows: _Rows
) -> None:
    """What all pages of a format lack together, whatever the files in which they lie."""
    arrivals = {id(page): received_at for _, page, received_at in pages}
    for reader in {reader.format: reader for reader, _, _ in pages}.values():
        own = sorted((page for its, page, _ in pages if its is reader), key=lambda page: page.document_sha256)
        for page, gap in reader.page_gaps(own):
            known_at = _declared_at(folder, reader, page.events, settings, arrivals[id(page)])
            _add_gap(folder.incident.id, reader, gap, page.document_sha256, known_at, True, rows)


def _add_gap(
    incident_id: str, reader: Reader, gap: Gap, sha256: str, known_at: int, is_envelope: bool, rows: _Rows
) -> None:
    row = {
        "incident_id": incident_id,
        "source": reader.source,
        "gap": gap.gap,
        "subject": gap.subject,
        "detail": gap.detail,
        "known_at": known_at,
        "gap_count": 1,
        "record_sha256": sha256,
        "pointer": gap.pointer,
        "is_envelope": is_envelope,
    }
    _put_gap(row, rows)


def _put_gap(row: dict[str, Any], rows: _Rows) -> None:
    """Of one that is declared in several places, the first that was known."""
    key = tuple(row[name] for name in TABLES["intake.declared_gaps"].key)
    before = rows.gaps.get(key)
    if before is None or row["known_at"] < before["known_at"]:
        rows.gaps[key] = row


def _text(record: RawRecord) -> str | None:
    if record.length > RECORD_BYTES_MAX:
        return None
    try:
        return record.raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _by_column(name: str, rows: Iterable[dict[str, Any]]) -> pa.Table:
    """Rows laid out by column; only the cells that a row has are touched."""
    kept = list(rows)
    schema = arrow_schema(TABLES[name])
    columns: dict[str, list[Any]] = {column: [None] * len(kept) for column in schema.names}
    for index, row in enumerate(kept):
        for key, value in row.items():
            columns[key][index] = value
    return conform(name, pa.table(columns, schema=schema))
