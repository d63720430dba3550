"""Owns the run of the KPI stage: from incidents, their last states and decisions to the seven KPI tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from evidence.kpis.median_ranks import median_ranks
from evidence.links import link
from evidence.settings import Settings
from evidence.tables import Tables, conform, table_from_rows
from expectations.tables import TABLES

SPREAD_TABLES = ("kpis.weekly_dwell_time", "kpis.weekly_mttd", "kpis.weekly_mttr")
WEEKLY_TABLES = (*SPREAD_TABLES, "kpis.weekly_coverage", "kpis.weekly_outcomes")

NANOSECONDS_PER_MILLISECOND = 1_000_000

_SQL = {path.stem: path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("*.sql"))}
_RANKS = pa.schema([("n", pa.int64()), ("low_rank", pa.int64()), ("high_rank", pa.int64())])


def build(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Tables:
    """The seven `kpis.*` tables.

    Reads `intake.incidents`, `intake.services`, `enrichment.incident_context`,
    `decision.option_scores` and `decision.decisions`; leaves temporary objects named `kpi_*` in the
    connection. Every incident counts once in every weekly table, whatever of it is unknown.
    """
    _prepare(connection)
    weekly = {
        name: conform(name, connection.sql(_SQL[TABLES[name].table]).to_arrow_table())
        for name in ("kpis.weekly_coverage", "kpis.weekly_outcomes", "kpis.quality_review")
    }
    return {**_spreads(connection), **weekly, "kpis.learning": _learning(connection, settings)}


def weeks(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """The ISO weeks, sorted, in which any incident of the weekly tables counts."""
    _prepare(connection)
    found = connection.execute(
        "select week from kpi_incidents union select mitigation_week from kpi_incidents"
        " union select resolution_week from kpi_incidents order by 1"
    ).fetchall()
    return tuple(week for (week,) in found)


def of_week(tables: Tables, week: str) -> Tables:
    """The rows of that ISO week of each weekly table in `tables`; tables that are not weekly are left out."""
    return {
        name: tables[name].filter(pc.equal(tables[name].column("week"), week))
        for name in WEEKLY_TABLES
        if name in tables
    }


def _prepare(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(_SQL["macros"]).fetchall()
    connection.execute(_SQL["incidents"]).fetchall()


def _spreads(connection: duckdb.DuckDBPyConnection) -> Tables:
    connection.execute(_SQL["cells"]).fetchall()
    counts = connection.execute("select distinct n from kpi_cells order by n").fetchall()
    ranks = [{"n": n, "low_rank": r[0], "high_rank": r[1]} for (n,) in counts if (r := median_ranks(n))]
    connection.register("kpi_median_ranks", pa.Table.from_pylist(ranks, schema=_RANKS))
    spreads = connection.sql(_SQL["spreads"]).to_arrow_table()
    return {
        name: conform(
            name, spreads.filter(pc.equal(spreads.column("kpi"), name)).select(TABLES[name].column_names)
        )
        for name in SPREAD_TABLES
    }


def _learning(connection: duckdb.DuckDBPyConnection, settings: Settings) -> pa.Table:
    rows = connection.sql(_SQL["learning"]).to_arrow_table().to_pylist()
    return table_from_rows("kpis.learning", _linked(rows, settings))


def _linked(rows: list[dict[str, Any]], settings: Settings) -> Iterator[dict[str, Any]]:
    columns = TABLES["kpis.learning"].column_names
    for row in rows:
        values = _link_values(row)
        links = {
            "incident_url": link(settings.links.incident, values),
            "logs_url": link(settings.links.logs, values),
            "traces_url": link(settings.links.traces, values),
            "changes_url": link(settings.links.changes, values),
            "handoff_path": f"handoffs/{row['incident_id']}.html",
        }
        yield {column: {**row, **links}[column] for column in columns}


def _link_values(row: Mapping[str, Any]) -> dict[str, str | int | None]:
    """What a link template may name. Times are the incident's recorded window, in milliseconds since 1970."""
    return {
        "incident_id": row["incident_id"],
        "service": row["service_name"],
        "namespace": row["namespace"],
        "application": row["application"],
        "from_ms": row["window_start"] // NANOSECONDS_PER_MILLISECOND,
        "to_ms": row["window_end"] // NANOSECONDS_PER_MILLISECOND,
    }
