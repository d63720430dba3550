"""Owns hand-made upstream tables for the KPI stage: say only what a test is about, the rest is filled in."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from evidence.kpis import build
from evidence.kpis.stage import KPI_TABLES
from evidence.settings import Links, Settings
from evidence.tables import Tables, arrow_schema, open_memory, register, table_from_rows
from expectations.contracts import ColumnType
from expectations.tables import TABLES
from expectations.tables.intake import SOURCES

Row = dict[str, Any]

_FILL = {
    ColumnType.TEXT: "-",
    ColumnType.INTEGER: 0,
    ColumnType.BIGINT: 0,
    ColumnType.BOOLEAN: False,
    ColumnType.TEXTS: [],
}
LINKS = Links(
    incident="https://example.pagerduty.com/incidents/{incident_id}",
    logs="https://grafana.example/explore?app={service}&from={from_ms}&to={to_ms}",
    traces="https://tempo.example/search?service={service}",
    changes="https://argocd.example/applications/{application}",
    audit=[
        "https://console.example/{account}/{region}?AccessKeyId={credential}",
        "https://console.example/{account}/{region}?Username={user}",
    ],
)


def at(text: str) -> int:
    """Nanoseconds since 1970 of a time such as 2026-01-14T09:00."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


def filled(name: str, row: Row) -> Row:
    """The row with every required column that it does not mention."""
    required = {c.name: _FILL[c.type] for c in TABLES[name].columns if not c.is_nullable}
    return {**required, **row}


def open_tables(tables: dict[str, list[Row]]) -> duckdb.DuckDBPyConnection:
    """A database with the nine tables that the stage reads, empty where not given."""
    names = (
        "intake.incidents",
        "intake.reviews",
        "intake.incident_records",
        "intake.services",
        "intake.evidence_events",
        "enrichment.incident_context",
        "decision.option_scores",
        "decision.decisions",
        "replay.ablations",
    )
    connection = open_memory()
    for name in names:
        rows = [filled(name, row) for row in tables.get(name, [])]
        table = table_from_rows(name, rows) if rows else arrow_schema(TABLES[name]).empty_table()
        register(connection, {name: table})
    return connection


@pytest.fixture(scope="session")
def open_kpis() -> Callable[[dict[str, list[Row]]], duckdb.DuckDBPyConnection]:
    """Opens hand-made tables."""
    return open_tables


@pytest.fixture(scope="session")
def kpis_of() -> Callable[..., Tables]:
    """kpis_of(incidents, **more tables by bare name): the KPI tables of hand-made upstream tables."""

    def run(
        incidents: list[Row], links: Links = LINKS, names: Collection[str] = KPI_TABLES, **more: list[Row]
    ) -> Tables:
        named = {_full_name(bare): rows for bare, rows in more.items()}
        connection = open_tables({"intake.incidents": incidents, **named})
        settings = Settings(
            delivery_delay_seconds=dict.fromkeys(SOURCES, 0), change_lookback_seconds=3600, links=links
        )
        return build(connection, settings, names)

    return run


@pytest.fixture(scope="session")
def ns() -> Callable[[str], int]:
    """Nanoseconds since 1970 of a written time in UTC."""
    return at


def _full_name(bare: str) -> str:
    return next(name for name in TABLES if name.endswith(f".{bare}"))


def pick(table: pa.Table, **keys: Any) -> Row:
    """The one row with these values."""
    [row] = [row for row in table.to_pylist() if all(row[k] == v for k, v in keys.items())]
    return row


@pytest.fixture(scope="session", name="pick")
def _pick() -> Callable[..., Row]:
    """pick(table, column=value, …): the one row with these values."""
    return pick
