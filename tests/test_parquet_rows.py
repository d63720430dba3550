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

from evidence.parquet_pages import Chunk, ParquetRefused, judge_chunks
from evidence.parquet_rows import rows_as_lines
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


MEMORY = """
import sys
from evidence.export_files import FILE_BYTES_MAX
from evidence.intake.layout import decompress
fault, detail = decompress(open(sys.argv[1], "rb").read())[1:]
# ru_maxrss would begin at what the process that started this one had held.
peak = int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) // 1024
print(peak, fault, detail)
"""


def bombs() -> dict[str, tuple[Any, dict[str, Any]]]:
    """Tables that a few kilobytes hold and gigabytes unfold to, and how they are written."""
    once = pa.DictionaryArray.from_arrays(pa.array([0] * 2_000_000, pa.int32()), pa.array(["x" * 1_000_000]))
    ends = pa.array([0, 20_000_000], pa.int32())
    return {
        "rows": (pa.table({"class_uid": pa.repeat(pa.scalar(1), 17_000_000)}), {}),
        "cell": (pa.table({"a": pa.array(["x" * 250_000_000])}), {}),
        "cells": (pa.table({"a": pa.array(["x" * 100_000_000] * 6, pa.large_string())}), {}),
        "list": (pa.table({"a": pa.ListArray.from_arrays(pa.array([0, 2_000_000], pa.int32()), once)}), {}),
        "nulls": (pa.table({"a": pa.ListArray.from_arrays(ends, pa.nulls(20_000_000, pa.int32()))}), {}),
        "prefix": (
            pa.table({"a": pa.array(["x" * 16_000_000] * 18)}),
            {"use_dictionary": False, "column_encoding": {"a": "DELTA_BYTE_ARRAY"}},
        ),
        "plain": (
            pa.table({"a": pa.array([f"{n}{'x' * 60_000_000}" for n in range(5)])}),
            {"use_dictionary": False},
        ),
    }


QUICK = ("list",)
LONG = ("rows", "cell", "cells", "nulls", "prefix", "plain")


@pytest.mark.parametrize("name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in LONG)])
def test_a_bomb_is_refused_before_it_unfolds(tmp_path: Path, name: str) -> None:
    """Judged by its page headers, and by small batches; the peak is that of a fresh process."""
    table, options = bombs()[name]
    path = tmp_path / "bomb.parquet"
    path.write_bytes(parquet(table, compression="zstd", **options))
    assert path.stat().st_size < 200_000
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(path)],
        cwd=Path(__file__).parents[1],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    peak_mb, fault = done.stdout.split()[:2]
    assert "size_exceeded" == fault
    assert int(peak_mb) < 850


def test_a_footer_that_lies_about_its_pages_changes_nothing() -> None:
    """What counts is what the header of the page says, because that is what is allocated."""
    content = parquet(pa.table({"a": ["x" * 200_000]}), compression="zstd", use_dictionary=False)
    chunk = pq.ParquetFile(io.BytesIO(content)).metadata.row_group(0).column(0)
    place = Chunk("a", chunk.data_page_offset, chunk.total_compressed_size, 1, False)
    assert 200_004 <= judge_chunks(content, [place], MEBIBYTE)["a"].unpacked_bytes <= 200_100
    with pytest.raises(ParquetRefused) as refused:
        judge_chunks(content, [place], 200_000)
    assert "size_exceeded" == refused.value.reason


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("compression", ["none", "zstd", "snappy", "gzip"])
def test_the_headers_of_all_pages_are_read(version: str, compression: str) -> None:
    """Of both versions, whatever the codec: every value is found, nested ones too."""
    rows = [{"l": [f"value {n % 50}"] * (n % 5), "n": n} for n in range(20_000)]
    content = parquet(
        pa.Table.from_pylist(rows), compression=compression, data_page_version=version, data_page_size=4096
    )
    metadata = pq.ParquetFile(io.BytesIO(content)).metadata
    chunks = []
    for number in range(2):
        column = metadata.row_group(0).column(number)
        start = column.dictionary_page_offset or column.data_page_offset
        chunks.append(Chunk(str(number), start, column.total_compressed_size, column.num_values, number == 0))
    found = judge_chunks(content, chunks, 16 * MEBIBYTE)
    values = [metadata.row_group(0).column(number).num_values for number in range(2)]
    assert values == [found["0"].value_count, found["1"].value_count]
    assert 10 < found["1"].page_count


def test_lists_that_repeat_much_are_read_all_the_same() -> None:
    """Where a row could be large but is not, nothing is refused and nothing is read otherwise."""
    rows = [{"l": [{"uid": "x" * 1000 + str(n % 100)}, None] * (n % 3), "n": n} for n in range(3000)]
    table = pa.Table.from_pylist(rows)
    plain = rows_as_lines(parquet(table, compression="none", use_dictionary=False), 16 * MEBIBYTE)
    assert plain == rows_as_lines(parquet(table, compression="zstd"), 16 * MEBIBYTE)
    assert rows == [json.loads(line) for line in plain.splitlines()]


def test_damaged_pages_are_refused_and_nothing_else_happens() -> None:
    """Any byte of the file changed gives rows, or a refusal with a reason."""
    rows = [{"a": f"value {n}", "l": ["x"] * (n % 3)} for n in range(50)]
    content = parquet(pa.Table.from_pylist(rows), compression="snappy")
    for position in range(4, len(content) - 4):
        damaged = bytearray(content)
        damaged[position] ^= 0xFF
        try:
            rows_as_lines(bytes(damaged), MEBIBYTE)
        except ParquetRefused as refused:
            assert refused.reason in ("unknown_format", "size_exceeded", "not_utf8")
