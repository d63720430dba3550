"""Owns `kpis.sql`: one transaction that replaces the exported tables in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from evidence.grafana.choices import choice_function
from evidence.grafana.exported import EXPORTED, SCHEMA, ExportTable
from evidence.grafana.literals import literal, text_literal
from evidence.grafana.reading import Row

ROWS_PER_INSERT = 500
_HEAD = f"""\
-- The KPI tables for Grafana, written by `evidence grafana`. Load with:
--   psql -v ON_ERROR_STOP=1 -f kpis.sql
-- One transaction: readers see the tables of before or those of now. Nothing outside the schema {SCHEMA} is
-- touched, and no view of yours is dropped: where one reads a table, the load stops and names it.
begin;
set local client_min_messages = warning;
create schema if not exists {SCHEMA};

{choice_function()}"""


def load_script(tables: Iterable[tuple[ExportTable, Iterator[Row]]]) -> Iterator[str]:
    """The script in pieces. Rows come from untrusted text; every value is a literal."""
    yield _HEAD
    yield from (f"drop table if exists {SCHEMA}.{table.name};\n" for table in EXPORTED)
    for table, rows in tables:
        yield f"\n{_create(table)}"
        while batch := list(islice(rows, ROWS_PER_INSERT)):
            yield _insert(table, batch)
    yield "\ncommit;\n"


def _create(table: ExportTable) -> str:
    columns = [
        f"    {column.name} {column.type}{'' if column.is_nullable else ' not null'}"
        for column in table.columns
    ]
    lines = ",\n".join([*columns, f"    primary key ({', '.join(table.key)})"])
    comments = [f"comment on table {SCHEMA}.{table.name} is {text_literal(table.doc)};\n"]
    comments += [
        f"comment on column {SCHEMA}.{table.name}.{column.name} is {text_literal(column.doc)};\n"
        for column in table.columns
    ]
    return f"create table {SCHEMA}.{table.name} (\n{lines}\n);\n{''.join(comments)}"


def _insert(table: ExportTable, rows: Sequence[Row]) -> str:
    values = ",\n".join(f"({_values(table, row)})" for row in rows)
    return f"insert into {SCHEMA}.{table.name} values\n{values};\n"


def _values(table: ExportTable, row: Row) -> str:
    return ", ".join(literal(value, column.type) for value, column in zip(row, table.columns, strict=True))
