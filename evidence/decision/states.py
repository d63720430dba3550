"""Owns hand-made rows of incident states: the blank state before any evidence, and rows of given values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from evidence.tables import arrow_schema
from expectations.contracts import Column, ColumnType
from expectations.minimum_context import MINIMUM_CONTEXT
from expectations.tables.enrichment import INCIDENT_STATES, STATE_COLUMNS

_ZEROS: dict[ColumnType, object] = {
    ColumnType.INTEGER: 0,
    ColumnType.BIGINT: 0,
    ColumnType.BOOLEAN: False,
    ColumnType.TEXTS: [],
    ColumnType.TEXT: "",
}
_SQL_ZEROS = {
    ColumnType.INTEGER: "0",
    ColumnType.BIGINT: "0",
    ColumnType.BOOLEAN: "false",
    ColumnType.TEXTS: "[]::varchar[]",
    ColumnType.TEXT: "''",
}
SQL_TYPES = {
    ColumnType.INTEGER: "integer",
    ColumnType.BIGINT: "bigint",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.TEXTS: "varchar[]",
    ColumnType.TEXT: "varchar",
}


def blank_state() -> dict[str, Any]:
    """The state of an incident of which no evidence has arrived: nothing known, nothing counted."""
    state = {column.name: None if column.is_nullable else _ZEROS[column.type] for column in STATE_COLUMNS}
    state["missing_context"] = sorted(field.name for field in MINIMUM_CONTEXT)
    return state


def blank_state_sql(**columns: str) -> str:
    """A select list of one blank state in which some columns are the given SQL."""
    missing = ", ".join(f"'{field.name}'" for field in sorted(MINIMUM_CONTEXT, key=lambda field: field.name))
    given = {"missing_context": f"[{missing}]", **columns}
    return ",\n    ".join(
        f"({given.get(column.name) or _blank_sql(column)})::{SQL_TYPES[column.type]} as {column.name}"
        for column in STATE_COLUMNS
    )


def _blank_sql(column: Column) -> str:
    return "null" if column.is_nullable else _SQL_ZEROS[column.type]


def register_states(
    connection: duckdb.DuckDBPyConnection, name: str, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Make a temporary table `name` of blank states overlaid with `rows`, in their order by `incident_id`."""
    blank = blank_state()
    filled = [{**blank, "incident_id": f"{index:08d}", "moment": 1, **row} for index, row in enumerate(rows)]
    arrow = pa.Table.from_pylist(filled, schema=arrow_schema(INCIDENT_STATES))
    connection.register("arrow_hand_made", arrow)
    connection.execute(f"create or replace temp table {name} as from arrow_hand_made").fetchall()
    connection.unregister("arrow_hand_made")


def with_context_sql(relation: str) -> str:
    """A SELECT over hand-made states whose minimum context follows from their other columns."""
    whole = " and ".join(f"({field.present_when})" for field in MINIMUM_CONTEXT)
    return f"(select * replace ({whole} as has_minimum_context) from {relation})"
