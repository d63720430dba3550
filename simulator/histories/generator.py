"""Owns synthetic histories: seeded incidents with their states, as Parquet, of any number in bounded memory.

A history is a function of its size, its seed and the grading: same bytes, whatever the threads. It is for
measuring and for trying a playbook at scale; what it says about incidents is invented.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from evidence.decision.states import blank_state_sql
from evidence.enrichment.grading import Grading, graded_sql, retick_sql
from evidence.tables import arrow_schema, open_memory
from expectations.tables import TABLES
from expectations.tables.enrichment import INCIDENT_STATES
from expectations.tables.intake import INCIDENTS

BLOCK_INCIDENTS = 25_000  # incidents drawn at a time
CHUNK_INCIDENTS = 5_000  # incidents per row group: their states are what is held in memory
INCIDENT_COUNT_MAX = 9_999_999  # ids have seven digits, so that their order is that of the numbers


@dataclass(frozen=True, slots=True)
class Generated:
    """What was written."""

    incident_count: int
    state_count: int


def generate_history(
    folder: Path, incident_count: int, seed: int, grading: Grading, threads: int | None = None
) -> Generated:
    """Write `incident_states.parquet` and `incidents.parquet` into `folder`, rows by their contract's key.

    `grading` gives the graded columns and the ticks. Memory does not grow with the number of incidents.
    """
    if not 1 <= incident_count <= INCIDENT_COUNT_MAX:
        raise ValueError(f"between 1 and {INCIDENT_COUNT_MAX} incidents, not {incident_count}")
    folder.mkdir(parents=True, exist_ok=True)
    state_count = 0
    with contextlib.ExitStack() as stack:
        states = stack.enter_context(_writer(folder / "incident_states.parquet", INCIDENT_STATES.name))
        incidents = stack.enter_context(_writer(folder / "incidents.parquet", INCIDENTS.name))
        for chunk_states, chunk_incidents in _chunks(incident_count, seed, grading, threads):
            states.write_table(chunk_states)
            incidents.write_table(chunk_incidents)
            state_count += chunk_states.num_rows
    return Generated(incident_count, state_count)


def _chunks(
    incident_count: int, seed: int, grading: Grading, threads: int | None
) -> Iterator[tuple[pa.Table, pa.Table]]:
    with contextlib.closing(open_memory()) as connection:
        if threads:
            connection.execute(f"set threads = {threads}").fetchall()
        connection.execute(_sql("generator")).fetchall()
        for block in range(0, incident_count, BLOCK_INCIDENTS):
            end = min(block + BLOCK_INCIDENTS, incident_count)
            parameters = {"first": block, "end": end, "seed": _seed32(seed)}
            connection.execute(_sql("generated_incidents"), parameters).fetchall()
            for first in range(block, end, CHUNK_INCIDENTS):
                yield _chunk(connection, grading, first)


def _chunk(connection: duckdb.DuckDBPyConnection, grading: Grading, first: int) -> tuple[pa.Table, pa.Table]:
    """States and incidents of a chunk, from the incidents of its block."""
    _execute(
        connection,
        "create or replace temp table chunk_incidents as from generated_incidents"
        f" where number between {first} and {first + CHUNK_INCIDENTS - 1}",
    )
    _execute(connection, f"create or replace temp table chunk_states as {_states_sql(connection)}")
    graded = graded_sql(grading, f"({retick_sql(grading, 'chunk_states')})")
    return (
        _read(connection, f"from ({graded}) order by incident_id, moment", INCIDENT_STATES.name),
        _read(connection, "from chunk_incidents order by incident_id", INCIDENTS.name),
    )


def _states_sql(connection: duckdb.DuckDBPyConnection) -> str:
    """The generated columns, with the others blank, in the contract's order."""
    rows = _sql("generated_states")
    generated = set(connection.sql(rows).columns)
    named = {column: column for column in INCIDENT_STATES.column_names if column in generated}
    return f"select {blank_state_sql(**named)} from ({rows})"


def _seed32(seed: int) -> int:
    """The seed spread over 32 bits: numbers are small, and small seeds would only rearrange them."""
    return int.from_bytes(hashlib.sha256(str(seed).encode()).digest()[:4], "big")


def _read(connection: duckdb.DuckDBPyConnection, sql: str, name: str) -> pa.Table:
    schema = arrow_schema(TABLES[name])
    return connection.sql(sql).to_arrow_table().select(schema.names).cast(schema)


def _execute(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    connection.execute(sql).fetchall()


@contextlib.contextmanager
def _writer(path: Path, name: str) -> Iterator[pq.ParquetWriter]:
    with pq.ParquetWriter(path, arrow_schema(TABLES[name]), compression="zstd") as writer:
        yield writer


def _sql(name: str) -> str:
    return files("simulator.histories").joinpath(f"{name}.sql").read_text(encoding="utf-8")
