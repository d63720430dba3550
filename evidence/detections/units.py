"""Owns what rules look at: records of an intake, or records at hand, read in batches so that few are held.

A unit is one record, or one entry of a record that holds several (the lines of a stream). It is known by its
number in the order in which it is read, which is any; what is said of hits is in the order of time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from evidence.detections.log_sources import EVENTS_FORMAT, FORMATS_BY_ENTRY, LOG_SOURCES_BY_NAME
from evidence.detections.rules import NS_PER_SECOND, RuleSet
from evidence.detections.statements import sql

BATCH_ROWS = 32_768
_BATCH_BYTES = 64 * 1024 * 1024
_READ_ROWS = 2_048  # a vector of DuckDB's
_READ_STREAMS = 64  # of records that hold thousands of lines
_ENTRY = pa.struct([("entry", pa.string()), ("event_time", pa.int64()), ("known_at", pa.int64())])
READ = pa.schema(
    [
        ("format", pa.string()),
        ("entry", pa.string()),
        ("raw", pa.string()),
        ("incident_id", pa.string()),
        ("path", pa.string()),
        ("ordinal", pa.int64()),
        ("event_time", pa.int64()),
        ("known_at", pa.int64()),
        (
            "entries",
            pa.list_(_ENTRY),
        ),  # where a record holds several; its own entry and times count for nothing
    ]
)
ANCHORS = pa.schema(
    [
        ("record_sha256", pa.string()),
        ("file_sha256", pa.string()),
        ("byte_offset", pa.int64()),
        ("byte_length", pa.int64()),
        ("event_ids", pa.list_(pa.string())),
    ]
)
UNITS = pa.schema([("unit", pa.int64()), *(field for field in READ if field.name != "entries"), *ANCHORS])


class Units(Protocol):
    """What rules look at."""

    def batches(self, row_count_max: int) -> Iterator[pa.Table]:
        """Records (schema READ) in any order, the same each time. In a batch all have `entries` or none."""
        ...

    def anchored(self, places: pa.Table) -> pa.Table:
        """`places` (one row a unit: `unit` and READ but for `raw` and `entries`) with ANCHORS, by unit."""
        ...


@dataclass(frozen=True)
class IntakeUnits:
    """The records of an intake that `connection` reads, of these formats."""

    connection: duckdb.DuckDBPyConnection
    formats: frozenset[str]

    def batches(self, row_count_max: int) -> Iterator[pa.Table]:
        """Whole records, then those with entries, then events."""
        streams = sorted(self.formats & set(FORMATS_BY_ENTRY))
        whole = sorted(self.formats - set(FORMATS_BY_ENTRY) - {EVENTS_FORMAT})
        if whole:
            yield from self._read("units_plain", {"formats": whole}, _READ_ROWS, row_count_max)
        if streams:
            yield from self._read("units_entries", {"formats": streams}, _READ_STREAMS, row_count_max)
        if EVENTS_FORMAT in self.formats:
            yield from self._read("units_events", {}, _READ_ROWS, row_count_max)

    def _read(
        self, name: str, wanted: dict[str, list[str]], rows: int, row_count_max: int
    ) -> Iterator[pa.Table]:
        # Joined as written: what is put together first is the small side. Left to itself the database holds
        # the records, because there are no more of them than of events.
        self.connection.execute("set disabled_optimizers = 'join_order,build_side_probe_side'").fetchall()
        reader = self.connection.sql(sql(name), params=wanted).to_arrow_reader(min(rows, row_count_max))
        try:
            yield from _gathered(reader, row_count_max)
        finally:
            reader.close()
            self.connection.execute("reset disabled_optimizers").fetchall()

    def anchored(self, places: pa.Table) -> pa.Table:
        """Looks up where each place lies."""
        self.connection.register("hit_places", places)
        try:
            found = self.connection.sql(sql("anchored"), params={"by_entry": list(FORMATS_BY_ENTRY)})
            return found.to_arrow_table()
        finally:
            self.connection.unregister("hit_places")


@dataclass(frozen=True)
class TableUnits:
    """Units at hand (schema UNITS), numbered by their place."""

    table: pa.Table

    def batches(self, row_count_max: int) -> Iterator[pa.Table]:
        """In their order."""
        read = [name for name in READ.names if name != "entries"]
        for start in range(0, self.table.num_rows, row_count_max):
            batch = self.table.select(read).slice(start, row_count_max)
            yield batch.append_column(
                READ.field("entries"), pa.nulls(batch.num_rows, READ.field("entries").type)
            )

    def anchored(self, places: pa.Table) -> pa.Table:
        """Takes them from the table."""
        rows = self.table.select(ANCHORS.names).take(places.column("unit"))
        for name in ANCHORS.names:
            places = places.append_column(ANCHORS.field(name), rows.column(name))
        return places


def _gathered(reader: Iterable[pa.RecordBatch], row_count_max: int) -> Iterator[pa.Table]:
    """Small batches put together up to so many rows, and up to so many bytes."""
    held: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in reader:
        if held and (rows + batch.num_rows > row_count_max or size > _BATCH_BYTES):
            yield pa.Table.from_batches(held).cast(READ)
            held, rows, size = [], 0, 0
        held.append(batch)
        rows += batch.num_rows
        size += batch.nbytes
    if held:
        yield pa.Table.from_batches(held).cast(READ)


def intake_units(connection: duckdb.DuckDBPyConnection, rules: RuleSet) -> IntakeUnits:
    """The units of `intake.raw_records` and `intake.evidence_events` that any of the rules reads.

    Duplicates, quarantined records and what responders did are left out. The connection is read from while
    rules are evaluated, so that nothing else may use it meanwhile.
    """
    formats = {name for rule in rules.rules for name in LOG_SOURCES_BY_NAME[rule.log_source].formats}
    return IntakeUnits(connection, frozenset(formats))


def record_units(format_name: str, records: Iterable[Mapping[str, Any]], incident_id: str = "") -> pa.Table:
    """Units of records at hand, e.g. a rule's own cases: one a second from 1970 on, known when they happen.

    `ordinal` is a record's position, which is its unit, too.
    """
    rows = [record_unit(format_name, record, place, incident_id) for place, record in enumerate(records)]
    return pa.Table.from_pylist(rows, schema=UNITS)


def record_unit(
    format_name: str, record: Mapping[str, Any], position: int, incident_id: str = ""
) -> dict[str, Any]:
    """One row of `record_units`."""
    return {
        "unit": position,
        "format": format_name,
        "entry": "",
        "raw": json.dumps(record, ensure_ascii=False),
        "incident_id": incident_id,
        "path": "",
        "ordinal": position,
        "event_ids": [],
        "event_time": position * NS_PER_SECOND,
        "known_at": position * NS_PER_SECOND,
    }


def seen_units(batch: pa.Table, first: int) -> pa.Table:
    """One row per unit of a batch, numbered (`unit`) from `first` on, without `raw` and `entries`."""
    entries = batch.column("entries").combine_chunks()
    seen = batch.drop_columns(["raw", "entries"])
    if entries.null_count < len(entries):
        told = pc.list_flatten(entries)
        seen = seen.take(pc.list_parent_indices(entries))
        for name in _ENTRY.names:
            place = seen.schema.get_field_index(name)
            seen = seen.set_column(place, name, pc.struct_field(told, name))
    numbers = pa.array(range(first, first + seen.num_rows), pa.int64())
    return seen.add_column(0, "unit", numbers)
