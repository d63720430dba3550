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
from simulator.histories.history import INCIDENTS, STATES

PUSHED_DOWN_MAX = 1000


@contextlib.contextmanager
def graded_excerpt(
    connection: duckdb.DuckDBPyConnection,
    grading: Grading,
    incidents: Sequence[str] | None = None,
    states: str = STATES,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads STATES under `grading` and INCIDENTS, of the incidents named or of all.

    The states are those of the relation `states` of the history. The connection takes as many threads as the
    history's own, of which there may be many at once, one to a task.
    """
    recorded, wanted = states, ""
    if incidents is not None:
        recorded, wanted = "excerpted_states", "semi join excerpted using (incident_id)"
        _excerpt(connection, incidents, f"{states} {wanted}")
    graded = graded_sql(grading, f"({retick_sql(grading, recorded)})")
    tables = {
        STATES: _read(connection, f"from ({graded}) order by incident_id, moment"),
        INCIDENTS: _read(connection, f"from {INCIDENTS} {wanted} order by incident_id"),
    }
    with contextlib.closing(open_memory()) as excerpt:
        (threads,) = connection.execute("select current_setting('threads')").fetchall()[0]
        excerpt.execute(f"set threads = {threads}").fetchall()
        register(excerpt, tables)
        yield excerpt


def _excerpt(connection: duckdb.DuckDBPyConnection, incidents: Sequence[str], states: str) -> None:
    """Leaves `excerpted`, the incidents' ids, and `excerpted_states`: grading reads its states twice."""
    connection.register("arrow_excerpted", pa.table({"incident_id": pa.array(incidents, pa.string())}))
    _execute(connection, "create or replace temp table excerpted as from arrow_excerpted")
    connection.unregister("arrow_excerpted")
    # So many ids are looked for in the file itself, so that of most blocks nothing else is read.
    _execute(connection, f"set dynamic_or_filter_threshold = {PUSHED_DOWN_MAX}")
    _execute(connection, f"create or replace temp table excerpted_states as from {states}")
    _execute(connection, "reset dynamic_or_filter_threshold")


def _read(connection: duckdb.DuckDBPyConnection, sql: str) -> pa.Table:
    return connection.sql(sql).to_arrow_table()


def _execute(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    connection.execute(sql).fetchall()
