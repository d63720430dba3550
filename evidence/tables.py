"""Typed tables: the bridge from declared contracts to Arrow tables and DuckDB relations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from evidence.errors import ContractError
from expectations.contracts import ColumnType, TableContract
from expectations.tables import TABLES

Tables = dict[str, pa.Table]

_ROWS_AT_A_TIME = 122_880  # a row group: what DuckDB gives one thread to do

_ARROW_TYPES: dict[ColumnType, pa.DataType] = {
    ColumnType.TEXT: pa.string(),
    ColumnType.INTEGER: pa.int32(),
    ColumnType.BIGINT: pa.int64(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.TEXTS: pa.list_(pa.string()),
}


def arrow_schema(contract: TableContract) -> pa.Schema:
    """The Arrow schema that the contract declares, columns in declared order."""
    return pa.schema(
        pa.field(column.name, _ARROW_TYPES[column.type], nullable=column.is_nullable)
        for column in contract.columns
    )


def table_from_rows(name: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows (mappings by column name; a missing key is NULL) as the typed, ordered table `name`."""
    schema = arrow_schema(TABLES[name])
    return conform(name, pa.Table.from_pylist([dict(row) for row in rows], schema=schema))


def conform(name: str, table: pa.Table) -> pa.Table:
    """The same rows cast to the contract of `name` and put into its total order.

    Raises ContractError when a column is missing or unknown, a value does not fit its type, a
    required value is NULL or the key is not unique.
    """
    contract = TABLES[name]
    schema = arrow_schema(contract)
    missing = [column for column in contract.column_names if column not in table.column_names]
    unknown = [column for column in table.column_names if column not in contract.column_names]
    if missing or unknown:
        raise ContractError(f"{name}: columns missing {missing}, not declared {unknown}")
    _refuse_nulls(contract, table)
    try:
        cast = table.select(list(contract.column_names)).cast(schema, safe=True).combine_chunks()
    except (pa.ArrowInvalid, ValueError) as error:
        raise ContractError(f"{name}: {error}") from error
    # The key is unique, so that it alone orders totally.
    ordered = cast.sort_by([(column, "ascending") for column in contract.key]).combine_chunks()
    _refuse_repeated_keys(contract, ordered)
    return ordered


def _refuse_nulls(contract: TableContract, table: pa.Table) -> None:
    for column in contract.columns:
        if not column.is_nullable and table.column(column.name).null_count:
            raise ContractError(
                f"{contract.name}.{column.name}: {table.column(column.name).null_count} rows are NULL"
            )


def _refuse_repeated_keys(contract: TableContract, ordered: pa.Table) -> None:
    distinct = ordered.select(list(contract.key)).group_by(list(contract.key)).aggregate([([], "count_all")])
    if distinct.num_rows == ordered.num_rows:
        return
    repeated = distinct.filter(pc.greater(distinct.column("count_all"), 1)).slice(0, 3).to_pylist()
    raise ContractError(f"{contract.name}: key {contract.key} repeats, first {repeated}")


def register(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, pa.Table]) -> None:
    """Make each Arrow table readable in SQL under its `schema.table` name."""
    for name, table in sorted(tables.items()):
        schema, _, bare = name.partition(".")
        connection.execute(f"create schema if not exists {schema}").fetchall()
        arrow_name = f"arrow_{schema}_{bare}"
        connection.register(arrow_name, table)
        connection.execute(f"create or replace view {name} as from {arrow_name}").fetchall()


def open_memory() -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB in UTC that loads no extension by itself."""
    connection = duckdb.connect(
        ":memory:", config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    )
    connection.execute("set TimeZone = 'UTC'").fetchall()
    return connection


def spare_threads(connection: duckdb.DuckDBPyConnection, row_count_max: int) -> None:
    """One thread where no table has more rows than DuckDB hands out at a time.

    A second thread would get nothing to do, and hold buffers for every step of every statement.
    """
    if row_count_max <= _ROWS_AT_A_TIME:
        connection.execute("set threads = 1").fetchall()
