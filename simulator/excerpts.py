"""Owns excerpts: some incidents of a history, graded and ticked by one bundle, in a DuckDB of their own.

What is told about single decisions (options, unknowns, reasons) is read from an excerpt with the very
functions that production uses, which expect states graded by the bundle that decides.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import duckdb
import pyarrow as pa

from evidence.enrichment.grading import Grading, graded_sql, retick_sql
from evidence.tables import open_memory, register
from simulator.history import INCIDENTS, STATES


@contextlib.contextmanager
def graded_excerpt(
    connection: duckdb.DuckDBPyConnection, grading: Grading, incidents: Sequence[str] | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads STATES under `grading` and INCIDENTS, of the incidents named or of all.

    It takes as many threads as the history's own, of which there may be many at once, one to a task.
    """
    wanted = _wanted_sql(connection, incidents)
    states = graded_sql(grading, f"({retick_sql(grading, f'(from {STATES} {wanted})')})")
    tables = {
        STATES: _read(connection, f"from ({states}) order by incident_id, moment"),
        INCIDENTS: _read(connection, f"from {INCIDENTS} {wanted} order by incident_id"),
    }
    with contextlib.closing(open_memory()) as excerpt:
        (threads,) = connection.execute("select current_setting('threads')").fetchall()[0]
        excerpt.execute(f"set threads = {threads}").fetchall()
        register(excerpt, tables)
        yield excerpt


def _wanted_sql(connection: duckdb.DuckDBPyConnection, incidents: Sequence[str] | None) -> str:
    if incidents is None:
        return ""
    connection.register("arrow_excerpted", pa.table({"incident_id": pa.array(incidents, pa.string())}))
    connection.execute("create or replace temp table excerpted as from arrow_excerpted").fetchall()
    connection.unregister("arrow_excerpted")
    return "semi join excerpted using (incident_id)"


def _read(connection: duckdb.DuckDBPyConnection, sql: str) -> pa.Table:
    return connection.sql(sql).to_arrow_table()
