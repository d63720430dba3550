"""Owns the rows that are exported: the published KPI tables, and one row per incident, time and gap."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb

from evidence import kpis
from evidence.errors import WarehouseError
from evidence.grafana.choices import choice
from evidence.grafana.dashboard import PATH
from evidence.grafana.exported import INCIDENTS, KPI_TABLES, OUR_TABLES, WEEK_AT, ExportTable
from evidence.redaction import shown
from evidence.times import NS_PER_SECOND
from expectations.tables import TABLES

Row = tuple[Any, ...]

INPUTS = (
    "intake.evidence_events",
    "intake.incident_records",
    "intake.incidents",
    "intake.quarantine",
    "intake.services",
    "quality.completeness",
    "enrichment.incident_context",
    "decision.decisions",
    *(f"kpis.{table.name}" for table in KPI_TABLES),
)
TITLE_MAX = 400
_ROWS_AT_A_TIME = 2000
_SQL = {path.stem: path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("*.sql"))}


def exported_rows(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[ExportTable, Iterator[Row]]]:
    """Every exported table with its rows in order of its key, values by its columns.

    The connection holds INPUTS as views; temporary objects named `kpi_*` are left in it. The rows of one
    table are to be read before the next is asked for. Raises WarehouseError where another version
    published them.
    """
    _refuse_other_columns(connection)
    kpis.prepare(connection)
    kpis.prepare_links(connection)
    for table in KPI_TABLES:
        yield table, _rows(connection, f"from kpis.{table.name} order by {', '.join(table.key)}", table)
    for table in OUR_TABLES:
        yield table, _rows(connection, _SQL[table.name], table)


def _refuse_other_columns(connection: duckdb.DuckDBPyConnection) -> None:
    for name in INPUTS:
        there = connection.sql(f"from {name} limit 0").columns
        missing = [column for column in TABLES[name].column_names if column not in there]
        if missing:
            raise WarehouseError(
                f"{name} has no column {missing[0]}: another version published it",
                remedy="Run `evidence run` again",
            )


def _rows(connection: duckdb.DuckDBPyConnection, query: str, table: ExportTable) -> Iterator[Row]:
    result = connection.sql(query).to_arrow_table()
    made = _MADE if table is INCIDENTS else {WEEK_AT.name: _week_at}
    for batch in result.to_batches(max_chunksize=_ROWS_AT_A_TIME):
        for row in batch.to_pylist():
            yield tuple(
                made[column.name](row) if column.name in made else row[column.name]
                for column in table.columns
            )


def _week_at(row: Mapping[str, Any]) -> int:
    """Nanoseconds since 1970 of the Monday of an ISO week such as 2026-W07."""
    year, _, week = row["week"].partition("-W")
    monday = date.fromisocalendar(int(year), int(week), 1)
    midnight = datetime(monday.year, monday.month, monday.day, tzinfo=UTC)
    return int(midnight.timestamp()) * NS_PER_SECOND


_MADE: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "title": lambda row: shown(row["title"], TITLE_MAX),
    "row_path": lambda row: f"{PATH}?var-incident={quote(choice(row['incident_id']), safe='')}",
}
