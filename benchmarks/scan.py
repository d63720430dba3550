"""Owns the yardstick: a bare scan that only sums the columns that the product's own query reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import duckdb

from evidence.decision import Bundle
from evidence.decision.conditions import COLUMNS
from expectations.contracts import ColumnType
from simulator.replays.key_runs import SCRATCH, passes_of

SUMS = {
    ColumnType.INTEGER: "sum({})",
    ColumnType.BIGINT: "sum({})",
    ColumnType.BOOLEAN: "count_if({})",
    ColumnType.TEXT: "count({})",
    ColumnType.TEXTS: "sum(len({}))",
}


def columns_of(connection: duckdb.DuckDBPyConnection, bundles: Sequence[Bundle], states: str) -> list[str]:
    """The columns that the replay of these bundles takes from `states`, by the plan of its one wide query."""
    (one,) = passes_of(bundles)
    connection.execute(f"attach ':memory:' as {SCRATCH}").fetchall()
    connection.execute(
        f"create table {SCRATCH}.incidents (incident_no integer, incident_id varchar, horizon_at bigint)"
    ).fetchall()
    plan = connection.execute(f"explain (format json) {one.scan_sql(states)}").fetchall()[0][1]
    connection.execute(f"detach {SCRATCH}").fetchall()
    (columns,) = (
        node["extra_info"]["Projections"]
        for node in _nodes(json.loads(plan)[0])
        if node["name"].strip() == "READ_PARQUET"
    )
    return list(columns)


def scan_sql(columns: Sequence[str], states: str) -> str:
    """A SELECT that reads every one of the columns and does as little as possible with it."""
    sums = ", ".join(SUMS[COLUMNS[column].type].format(column) for column in columns)
    return f"select {sums} from {states}"


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("children", ()):
        yield from _nodes(child)
