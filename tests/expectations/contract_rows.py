"""Rows that keep their contract, for tests that then break one thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from evidence.tables import arrow_schema
from expectations.contracts import ColumnType
from expectations.tables import TABLES


def rows(table: str, count: int = 3) -> list[dict[str, Any]]:
    """`count` rows whose every value fits, and differs from row to row where the type allows."""
    return [
        {
            column.name: column.allowed[index % len(column.allowed)]
            if column.allowed
            else {
                ColumnType.TEXT: f"{column.name}-{index}",
                ColumnType.INTEGER: index,
                ColumnType.BIGINT: index,
                ColumnType.BOOLEAN: True,
                ColumnType.TEXTS: ["a"],
            }[column.type]
            for column in TABLES[table].columns
        }
        for index in range(count)
    ]


def unchecked(table: str, content: Sequence[dict[str, Any]]) -> pa.Table:
    """The rows as an Arrow table that nobody has checked against the contract."""
    schema = pa.schema([field.with_nullable(True) for field in arrow_schema(TABLES[table])])
    return pa.Table.from_pylist(list(content), schema=schema)
