"""Owns the rows of a table of incidents: a CSV (plain or gzip) or Parquet file, each row by column.

A row whose cells are not those of the header has lost or gained some, and nobody knows which: it is told,
never filled up or cut.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from evidence.errors import InputError, Place
from evidence.export_files import FILE_BYTES_MAX, read
from evidence.gzip_streams import MAGIC
from evidence.intake.layout import decompress
from evidence.parquet_pages import ParquetRefused
from evidence.parquet_rows import is_parquet, rows_as_lines


@dataclass(frozen=True, slots=True)
class TabularRow:
    """One row: `line` is its JSON, kept where it is refused; `fault` says why its cells cannot be told."""

    line: bytes
    cells: dict[str, Any]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Tabular:
    """A file's rows. The times in `zoneless` columns were stored without a zone, though they end with Z."""

    rows: Iterable[TabularRow]
    zoneless: frozenset[str] = frozenset()


def read_table(path: Path, needed: Iterable[str]) -> Tabular:
    """The table in the file. Raises InputError where it is none, or where a needed column is not there."""
    data = _content(path)
    names, table = (_parquet if is_parquet(data) else _csv)(path, data)
    for column in needed:
        if column not in names:
            known = ", ".join(sorted(name for name in names if name))
            remedy = f"It has {known}" if known else "It is empty"
            raise InputError(f"has no column {column!r}", place=Place(path), remedy=remedy)
    return table


def _content(path: Path) -> bytes:
    if path.is_dir():
        raise InputError(
            "is a folder", place=Place(path), remedy="Name the tables in it, one after the other"
        )
    content = read(path)
    fault, detail, data = content.fault, content.detail, content.data
    if not fault and data.startswith(MAGIC):
        data, fault, detail = decompress(data)
    if fault:
        raise InputError(detail or fault, place=Place(path))
    return data


def _parquet(path: Path, data: bytes) -> tuple[list[str], Tabular]:
    try:
        lines = rows_as_lines(data, FILE_BYTES_MAX).splitlines()
    except ParquetRefused as refused:
        raise InputError(refused.detail, place=Place(path)) from None
    schema = pq.read_schema(pa.BufferReader(data))
    zoneless = (each.name for each in schema if pa.types.is_timestamp(each.type) and each.type.tz is None)
    return schema.names, Tabular((TabularRow(line, json.loads(line)) for line in lines), frozenset(zoneless))


def _csv(path: Path, data: bytes) -> tuple[list[str], Tabular]:
    try:
        rows = [row for row in csv.reader(io.StringIO(data.decode("utf-8-sig")), strict=True) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"is neither Parquet nor CSV in UTF-8: {error}", place=Place(path)) from None
    header, *body = rows or [[]]
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise InputError(
            f"names the column {repeated[0]!r} twice", place=Place(path, 1), remedy="Rename one of them"
        )
    return header, Tabular(_csv_rows(header, body))


def _csv_rows(header: list[str], body: list[list[str]]) -> Iterator[TabularRow]:
    for row in body:
        if len(row) == len(header):
            cells = dict(zip(header, row, strict=True))
            yield TabularRow(json.dumps(cells, ensure_ascii=False).encode(), cells)
        else:
            fault = f"the row has {len(row)} cells, the header {len(header)}"
            yield TabularRow(json.dumps(row, ensure_ascii=False).encode(), {}, fault)
