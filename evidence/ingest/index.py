"""Owns the index of a first pass: one row per record, in DuckDB on disk, so that memory stays bounded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from evidence.ingest.scanned import FileFacts, Scanned
from evidence.ingest.scanning import FileScan
from evidence.ingest.signals import IS_ANSWER, signal_of
from evidence.readers import Event
from evidence.readers.kubernetes_names import workload_of_pod
from evidence.settings import Settings

MEMORY_LIMIT = "320MB"
BATCH_COUNT = 20_000
_PLACES_MAX = 100_000
_ROWS_AT_ONCE = 10_000

_RECORDS = pa.schema(
    [
        ("record_id", pa.int64()),
        ("file_id", pa.int32()),
        ("ordinal", pa.int64()),
        ("start", pa.int64()),
        ("length", pa.int64()),
        ("line", pa.int64()),
        ("sha256", pa.binary()),
        ("format", pa.string()),
        ("reason", pa.string()),
        ("field", pa.string()),
        ("detail", pa.string()),
        ("identity", pa.binary()),
        ("stated", pa.binary()),
        ("first_at", pa.int64()),
        ("last_at", pa.int64()),
        ("document", pa.binary()),
        ("signal_rank", pa.int32()),
        ("signal_at", pa.int64()),
        ("signal_name", pa.string()),
        ("flags", pa.int32()),
    ]
)
_DOCUMENTS = pa.schema(
    [
        ("sha256", pa.binary()),
        ("file_id", pa.int32()),
        ("start", pa.int64()),
        ("length", pa.int64()),
        ("is_broken", pa.bool_()),
    ]
)
_STRETCHES = pa.schema(
    [
        ("stretch_id", pa.int64()),
        ("record_id", pa.int64()),
        ("begin_at", pa.int64()),
        ("end_at", pa.int64()),
        ("place_id", pa.int64()),
        ("is_answer", pa.bool_()),
    ]
)
_PLACE_COLUMNS = (
    "cluster",
    "namespace",
    "workload",
    "pod",
    "node",
    "service_name",
    "application",
    "repository",
    "account_uid",
    "actor",
    "actor_kind",
    "credential_uid",
    "pagerduty_service",
    "upstream",
    "thread_kind",
    "thread",
)
_NAMED = _PLACE_COLUMNS[:12]
_THREAD_MAX = 200
_PLACES = pa.schema([("place_id", pa.int64()), *((name, pa.string()) for name in _PLACE_COLUMNS)])
_FILES = pa.schema(
    [
        ("file_id", pa.int32()),
        ("path", pa.string()),
        ("sha256", pa.string()),
        ("byte_count", pa.int64()),
        ("formats", pa.list_(pa.string())),
        ("is_refused", pa.bool_()),
        ("held_by", pa.string()),
        ("claimed_by", pa.list_(pa.string())),
        ("received_at", pa.int64()),
    ]
)
_TABLES = {
    "records": _RECORDS,
    "documents": _DOCUMENTS,
    "stretches": _STRETCHES,
    "places": _PLACES,
    "files": _FILES,
}


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read: its name in the account, and the incident that holds it already, if one does."""

    path: Path
    name: str
    held_by: str | None = None
    claimed_by: tuple[str, ...] = ()
    received_at: int | None = None


class Index:
    """Takes in files one after the other; `connection` holds what was found."""

    def __init__(self, scratch: Path, settings: Settings) -> None:
        self.settings = settings
        self.scratch = scratch
        self.sources: list[Source] = []
        self.facts: list[FileFacts] = []
        self.connection = _opened(scratch)
        # Row after row of each table in one list, of which every n-th value is a column.
        self._values: dict[str, list[Any]] = {name: [] for name in _TABLES}
        self._places: dict[tuple[Any, ...], int] = {}
        self._next = dict.fromkeys(("record", "stretch", "place"), 0)
        self._flushed_count = 0

    def close(self) -> None:
        """Close the database."""
        self.connection.close()

    @property
    def record_count(self) -> int:
        """Records taken in so far."""
        return self._next["record"]

    def add(self, sources: Iterable[Source]) -> Iterable[int]:
        """Read each file; yields the number of records so far, after each batch and each file."""
        for source in sources:
            file_id = len(self.sources)
            scan = FileScan(source.path, self.settings, source.received_at)
            ordinal = 0
            for batch in scan.batches():
                if scan.is_refused:
                    self._forget(file_id)
                    ordinal = 0
                for record in batch:
                    self._add_record(file_id, ordinal, record)
                    ordinal += 1
                if self.record_count - self._flushed_count >= BATCH_COUNT:
                    self._flush()
                    yield self.record_count
            self._add_file(file_id, source, scan.facts)
            yield self.record_count
        self._flush()

    def _add_file(self, file_id: int, source: Source, facts: FileFacts) -> None:
        self.sources.append(source)
        self.facts.append(facts)
        row = (file_id, source.name, facts.sha256, facts.byte_count, list(facts.formats), facts.is_refused)
        rest = (source.held_by, list(source.claimed_by), source.received_at)
        self._values["files"] += (*row, *rest)

    def _forget(self, file_id: int) -> None:
        """Leave out what was found in a file that turned out to be damaged."""
        self._flush()
        self.connection.execute(
            "delete from stretches where record_id in (select record_id from records where file_id = ?)",
            [file_id],
        ).fetchall()
        for table in ("records", "documents"):
            self.connection.execute(f"delete from {table} where file_id = ?", [file_id]).fetchall()

    def _add_record(self, file_id: int, ordinal: int, record: Scanned) -> None:
        record_id = self._next["record"]
        self._next["record"] += 1
        rank, signal_at, name, flags = signal_of(record.events)
        first_at, last_at = _extent(record.events)
        span = record.document
        self._values["records"] += (
            record_id,
            file_id,
            ordinal,
            record.start,
            record.length,
            record.line,
            record.sha256,
            record.format,
            record.reason,
            record.field,
            record.detail,
            record.identity_digest,
            record.stated,
            first_at,
            last_at,
            span.sha256 if span else None,
            rank,
            signal_at,
            name,
            flags,
        )
        if span is not None:
            row = [span.sha256, file_id, span.start, span.length, span.is_broken]
            if row != self._values["documents"][-len(row) :]:
                self._values["documents"] += row
        if len(record.events) == 1:
            (event,) = record.events
            is_answer = bool(flags & IS_ANSWER)
            self._add_stretch(record_id, first_at, last_at, (self._place(event, record.thread),), is_answer)
        elif record.events:
            self._add_stretches(record_id, record)

    def _add_stretches(self, record_id: int, record: Scanned) -> None:
        """Each change of a history is a stretch of its own; all else that a record states is one."""
        events = record.events
        changes = [event for event in events if event["kind"] == "change"]
        others = [event for event in events if event["kind"] != "change"] if changes else list(events)
        for together in ([others] if others else []) + [[change] for change in changes]:
            places = dict.fromkeys(self._place(event, record.thread) for event in together)
            is_answer = all(event["kind"] == "response" for event in together)
            self._add_stretch(record_id, *_extent(together), places, is_answer)

    def _add_stretch(
        self, record_id: int, begin_at: Any, end_at: Any, places: Iterable[int], is_answer: bool
    ) -> None:
        stretch_id = self._next["stretch"]
        self._next["stretch"] += 1
        for place_id in places:
            self._values["stretches"] += (stretch_id, record_id, begin_at, end_at, place_id, is_answer)

    def _place(self, event: Event, thread: tuple[str, str] | None) -> int:
        """The number of what the event is about; most events are about something that is known by then."""
        get = event.get
        kind, name = thread or (None, None)
        if name is not None and len(name) > _THREAD_MAX:
            name = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
        is_paged = get("resource_kind") == "pagerduty_service"
        named = (
            *map(get, _NAMED),
            get("resource") if is_paged else None,
            get("upstream") if get("is_error") or event["kind"] == "alert" else None,
            kind,
            name,
        )
        known = self._places.get(named)
        return self._new_place(named, is_paged) if known is None else known

    def _new_place(self, named: tuple[Any, ...], is_paged: bool) -> int:
        place = dict(zip(_PLACE_COLUMNS, named, strict=True))
        place["workload"] = place["workload"] or workload_of_pod(place["pod"])
        if is_paged:
            # PagerDuty's services are who is paged, not what runs.
            place["service_name"] = None
        number = self._places[named] = self._next["place"]
        self._next["place"] += 1
        self._values["places"] += (number, *place.values())
        return number

    def _flush(self) -> None:
        self._flushed_count = self.record_count
        for name, values in self._values.items():
            if values:
                width = len(_TABLES[name])
                columns = [values[number::width] for number in range(width)]
                self.connection.register("batch", pa.table(columns, schema=_TABLES[name]))
                self.connection.execute(f"insert into {name} from batch").fetchall()
                self.connection.unregister("batch")
                values.clear()
        if len(self._places) > _PLACES_MAX:
            # A place may then have two numbers; what counts are its names.
            self._places.clear()


def in_batches(answer: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    """The rows of an answer, few at a time in memory; until the last nothing else may be asked."""
    while batch := answer.fetchmany(_ROWS_AT_ONCE):
        yield from batch


def _opened(scratch: Path) -> duckdb.DuckDBPyConnection:
    scratch.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(
        str(scratch / "index.duckdb"),
        config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"},
    )
    for setting in (
        f"memory_limit = '{MEMORY_LIMIT}'",
        f"temp_directory = '{str(scratch / 'spilled').replace(chr(39), chr(39) * 2)}'",
        "preserve_insertion_order = false",
        "enable_progress_bar = false",  # it would be written between the lines of the result
        "TimeZone = 'UTC'",
    ):
        connection.execute(f"set {setting}").fetchall()
    for name, schema in _TABLES.items():
        connection.register("empty", schema.empty_table())
        connection.execute(f"create table {name} as from empty").fetchall()
        connection.unregister("empty")
    return connection


def _extent(events: Sequence[Event]) -> tuple[int | None, int | None]:
    """(first, last) of the times at which the events happened."""
    if len(events) == 1:
        return events[0]["event_time"], events[0]["event_time"]
    times = [event["event_time"] for event in events]
    return min(times, default=None), max(times, default=None)
