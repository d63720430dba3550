"""Owns the run of the KPI stage: from incidents, their last states and decisions to the KPI tables."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from evidence.kpis.links import incident_links, with_links
from evidence.kpis.median_ranks import median_ranks
from evidence.settings import Settings
from evidence.tables import Tables, conform
from expectations.tables import TABLES

SPREAD_TABLES = ("kpis.weekly_dwell_time", "kpis.weekly_mttd", "kpis.weekly_mttr")
WEEKLY_TABLES = (*SPREAD_TABLES, "kpis.weekly_coverage", "kpis.weekly_outcomes")
REVIEW_TABLES = ("kpis.quality_review", "kpis.learning")
OVERALL_TABLES = ("kpis.overall",)
PLAIN_TABLES = ("kpis.weekly_coverage", "kpis.weekly_outcomes", *REVIEW_TABLES)
KPI_TABLES = (*WEEKLY_TABLES, *REVIEW_TABLES, *OVERALL_TABLES)

_SQL = {path.stem: path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("*.sql"))}
_RANKS = pa.schema([("n", pa.int64()), ("low_rank", pa.int64()), ("high_rank", pa.int64())])


def build(
    connection: duckdb.DuckDBPyConnection, settings: Settings, names: Collection[str] = KPI_TABLES
) -> Tables:
    """The `kpis.*` tables of these names, all when none is given.

    Reads `intake.incidents`, `intake.reviews`, `intake.incident_records`, `intake.services`,
    `intake.evidence_events`, `enrichment.incident_context`, `decision.option_scores`, `decision.decisions`
    and `replay.ablations`; leaves temporary objects named `kpi_*` in the connection. Every incident counts
    once in every weekly table, whatever of it is unknown; one of which only a row is known in those of times
    alone.
    """
    prepare(connection)
    if "kpis.quality_review" in names:
        prepare_reviews(connection)
    tables = {} if set(SPREAD_TABLES).isdisjoint(names) else _spreads(connection)
    tables |= {
        name: connection.sql(_SQL[TABLES[name].table]).to_arrow_table()
        for name in PLAIN_TABLES
        if name in names
    }
    links = incident_links(connection, settings)
    linked = {
        name: conform(name, with_links(TABLES[name], table, links))
        for name, table in tables.items()
        if name in names
    }
    return linked | ({} if set(OVERALL_TABLES).isdisjoint(names) else _overall(connection))


def weeks(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """The ISO weeks, sorted, in which any incident of the weekly tables counts."""
    prepare(connection)
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


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `kpi_incidents` and `kpi_times` in the connection: each incident, and each of its times, once."""
    connection.execute(_SQL["macros"]).fetchall()
    connection.execute(_SQL["incidents"]).fetchall()
    connection.execute(_SQL["times"]).fetchall()


def prepare_reviews(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `kpi_latest_answers` in the connection: each reviewer's latest answer to each question."""
    connection.execute(_SQL["latest_answers"]).fetchall()


def prepare_links(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `kpi_linked` in a prepared connection with the published tables: titles and links by incident."""
    connection.execute(_SQL["linked"]).fetchall()


def _spreads(connection: duckdb.DuckDBPyConnection) -> Tables:
    connection.execute(_SQL["cells"]).fetchall()
    spreads = figures(connection, "kpi_cells")
    return {name: spreads.filter(pc.equal(spreads.column("kpi"), name)) for name in SPREAD_TABLES}


def _overall(connection: duckdb.DuckDBPyConnection) -> Tables:
    connection.execute(_SQL["overall_cells"]).fetchall()
    return {"kpis.overall": conform("kpis.overall", figures(connection, "kpi_overall_cells"))}


def figures(connection: duckdb.DuckDBPyConnection, cells: str) -> pa.Table:
    """The figures of every cell of the table, beside the columns that say which cell it is.

    Each row of `cells` holds `kpi_counted_times` of its incidents in the column `times`.
    """
    counted = f"select * exclude (times), unnest(times) from {cells}"
    connection.execute(f"create or replace temp view kpi_counted as {counted}").fetchall()
    found = connection.execute("select distinct n from kpi_counted order by n").fetchall()
    ranks = [{"n": n, "low_rank": r[0], "high_rank": r[1]} for (n,) in found if (r := median_ranks(n))]
    connection.register("kpi_median_ranks", pa.Table.from_pylist(ranks, schema=_RANKS))
    return connection.sql(_SQL["figures"]).to_arrow_table()
