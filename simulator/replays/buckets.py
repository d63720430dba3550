"""Owns buckets: parts of a history that are decided apart, in any order and place, and put together again.

An incident's bucket is a function of its id and the number of buckets, and of nothing else. No incident's
decision depends on another incident, so that the parts put together are what the whole would have been.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from evidence.decision import Bundle
from evidence.tables import Tables, arrow_schema, conform
from evidence.warehouse import parquet_bytes
from expectations.tables import TABLES
from simulator.histories.history import INCIDENTS, STATES, connect_tables
from simulator.replays.runs import decided_tables

BUCKET_INCIDENTS = 2_000  # incidents to a bucket, more or less: what one task has in memory
# One row per bundle and table of a bucket: its place among the bundles, its name, its rows as Parquet.
PARTS = pa.schema(
    [
        pa.field("bundle", pa.int32(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("content", pa.binary(), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True)
class BucketReplay:
    """What every bucket is decided with. It can be pickled: bundles are content, not folders."""

    bundles: tuple[Bundle, ...]
    as_of: int | None = None

    def parts(self, states: pa.Table, incidents: pa.Table | None) -> pa.Table:
        """The tables of a bucket, shaped PARTS; None where a history has no table of incidents.

        DuckDB works with one thread: there are as many tasks as processors already.
        """
        with contextlib.closing(self._connect(states, incidents)) as connection:
            connection.execute("set threads = 1").fetchall()
            decided = decided_tables(connection, self.bundles)
        rows = [
            {"bundle": place, "name": name, "content": parquet_bytes(table)}
            for place, tables in enumerate(decided)
            for name, table in sorted(tables.items())
        ]
        return pa.Table.from_pylist(rows, schema=PARTS)

    def _connect(self, states: pa.Table, incidents: pa.Table | None) -> duckdb.DuckDBPyConnection:
        others = None if incidents is None else _typed(INCIDENTS, incidents)
        return connect_tables(_typed(STATES, states), others, self.as_of)


def bucket_count_of(incident_count: int) -> int:
    """How many buckets so many incidents are put into; at least one."""
    return max(1, -(-incident_count // BUCKET_INCIDENTS))


def bucket_of(incident_id: str, count: int) -> int:
    """The bucket, from 0 to count - 1: the first 8 bytes of SHA-256 as a big-endian number, modulo count."""
    return int.from_bytes(hashlib.sha256(incident_id.encode()).digest()[:8], "big") % count


def buckets_of(incident_ids: pa.Array, count: int) -> pa.Array:
    """The bucket of each id; an id that stands there often is hashed once."""
    encoded = pc.dictionary_encode(incident_ids)
    buckets = [bucket_of(incident_id, count) for incident_id in encoded.dictionary.to_pylist()]
    return pa.array(buckets, pa.int32()).take(encoded.indices)


def put_together(parts: Iterable[pa.Table], bundle_count: int) -> list[Tables]:
    """Per bundle the whole tables in their total order, of parts shaped PARTS in any order."""
    found: dict[tuple[int, str], list[pa.Table]] = {}
    for part in parts:
        for row in part.to_pylist():
            table = pq.read_table(pa.BufferReader(row["content"]))
            found.setdefault((row["bundle"], row["name"]), []).append(table)
    return [
        {name: _whole(name, tables) for (place, name), tables in sorted(found.items()) if place == bundle}
        for bundle in range(bundle_count)
    ]


def _whole(name: str, tables: Sequence[pa.Table]) -> pa.Table:
    return conform(name, pa.concat_tables(tables))


def _typed(name: str, table: pa.Table) -> pa.Table:
    """The table's own columns in their types; a side of a bucket with no rows may come without columns."""
    schema = arrow_schema(TABLES[name])
    return table.select(schema.names).cast(schema) if table.num_rows else schema.empty_table()
