"""Owns the tables that are exported in tests: recorded ones, invented hostile ones, and none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from evidence import kpis
from evidence.grafana.reading import INPUTS
from evidence.settings import Links, Settings
from evidence.tables import arrow_schema, open_memory, register, table_from_rows
from expectations.contracts import ColumnType
from expectations.tables import TABLES
from expectations.tables.intake import SOURCES

Row = dict[str, Any]
Tables = dict[str, list[Row]]

_FILL = {
    ColumnType.TEXT: "-",
    ColumnType.INTEGER: 0,
    ColumnType.BIGINT: 0,
    ColumnType.BOOLEAN: False,
    ColumnType.TEXTS: [],
}
_KPI_INPUTS = ("intake.reviews", "decision.option_scores", "replay.ablations")
_SETTINGS = Settings(
    delivery_delay_seconds=dict.fromkeys(SOURCES, 0),
    change_lookback_seconds=3600,
    links=Links(
        incident="https://example.pagerduty.com/incidents/{incident_id}",
        logs="https://grafana.example/explore?app={service}&from={from_ms}&to={to_ms}",
    ),
)


def opened(tables: Tables) -> duckdb.DuckDBPyConnection:
    """A database with all that is exported, the KPIs computed from the rest; empty where not given."""
    connection = open_memory()
    for name in {*INPUTS, *_KPI_INPUTS}:
        if not name.startswith("kpis."):
            rows = [_filled(name, row) for row in tables.get(name, [])]
            table = table_from_rows(name, rows) if rows else arrow_schema(TABLES[name]).empty_table()
            register(connection, {name: table})
    register(connection, kpis.build(connection, _SETTINGS))
    return connection


def _filled(name: str, row: Row) -> Row:
    required = {c.name: _FILL[c.type] for c in TABLES[name].columns if not c.is_nullable}
    return {**required, **row}


@pytest.fixture(scope="session")
def opened_tables() -> Callable[[Tables], duckdb.DuckDBPyConnection]:
    """Opens hand-made tables, with the KPIs computed from them."""
    return opened
