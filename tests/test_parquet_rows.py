"""Parquet as records: rows as canonical JSON, the same on every machine, bounded, and provable again."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evidence.parquet_rows import ParquetRefused, rows_as_lines
from evidence.verified_bytes import decompressed

MEBIBYTE = 1024 * 1024


def parquet(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def test_every_type_of_cell_has_one_text() -> None:
    """Times in UTC, numbers as they are, maps as objects, bytes as text or base64, nulls kept."""
    table = pa.table(
        {
            "at": pa.array([datetime(2026, 1, 20, 13, 5, 9, 123456, UTC)], pa.timestamp("us", "UTC")),
            "local": pa.array([1768914309000], pa.timestamp("ms")),
            "day": pa.array([date(2026, 1, 20)]),
            "score": pa.array([0.1]),
            "none": pa.array([float("nan")]),
            "price": pa.array([Decimal("1.10")]),
            "count": pa.array([2**63], pa.uint64()),
            "map": pa.array([[("b", "1"), ("a", None)]], pa.map_(pa.string(), pa.string())),
            "bytes": pa.array([b"text"]),
            "raw": pa.array([b"\xff"]),
            "list": pa.array([[{"x": True}, None]]),
        }
    )
    expected = (
        '{"at":"2026-01-20T13:05:09.123456Z","bytes":"text","count":9223372036854775808,"day":"2026-01-20",'
        '"list":[{"x":true},null],"local":"2026-01-20T13:05:09Z","map":{"a":null,"b":"1"},"none":"nan",'
        '"price":1.10,"raw":"/w==","score":0.1}'
    )
    assert expected == rows_as_lines(parquet(table), MEBIBYTE).decode()


def test_how_a_file_is_laid_out_does_not_matter() -> None:
    """Row groups, dictionary and compression change the file's digest, not that of a row."""
    table = pa.table({"class_uid": list(range(500)), "name": ["a", "b"] * 250})
    plain = rows_as_lines(parquet(table, compression="none", use_dictionary=False), MEBIBYTE)
    assert plain == rows_as_lines(parquet(table, compression="zstd", row_group_size=7), MEBIBYTE)
    assert list(range(500)) == [json.loads(line)["class_uid"] for line in plain.splitlines()]


def test_a_file_that_unpacks_beyond_the_limit_is_refused() -> None:
    """A kilobyte may hold a cell that every row repeats."""
    content = parquet(pa.table({"a": ["x" * 10_000] * 10_000}), compression="zstd")
    assert len(content) < 20_000
    with pytest.raises(ParquetRefused) as refused:
        rows_as_lines(content, MEBIBYTE)
    assert "size_exceeded" == refused.value.reason


def test_two_columns_of_one_name_are_refused() -> None:
    """Two readers would take different ones."""
    content = parquet(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]))
    with pytest.raises(ParquetRefused) as refused:
        rows_as_lines(content, MEBIBYTE)
    assert "unknown_format" == refused.value.reason


def test_a_key_repeated_in_a_map_is_refused() -> None:
    """A map of Parquet may hold a key twice, an object may not."""
    maps = pa.array([[("a", "1"), ("a", "2")]], pa.map_(pa.string(), pa.string()))
    with pytest.raises(ParquetRefused):
        rows_as_lines(parquet(pa.table({"m": maps})), MEBIBYTE)


def test_what_is_verified_are_the_same_lines(tmp_path: Path) -> None:
    """With pyarrow the rows are proved; without any package it is said that they are not."""
    content = parquet(pa.table({"class_uid": [1, 2]}))
    assert b'{"class_uid":1}\n{"class_uid":2}' == decompressed(content)
    path = tmp_path / "rows.parquet"
    path.write_bytes(content)
    code = f"from evidence.verified_bytes import *; decompressed(open({str(path)!r}, 'rb').read())"
    root = Path(__file__).parents[1]
    bare = subprocess.run([sys.executable, "-S", "-c", code], cwd=root, capture_output=True, text=True)
    assert "its rows cannot be read without pyarrow" in bare.stderr
