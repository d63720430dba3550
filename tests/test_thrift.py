"""Thrift's compact protocol is read as Parquet writes it, and nothing in it is believed."""

from __future__ import annotations

from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.thrift import Reader, ThriftError


def footer(table: pa.Table, **options: object) -> tuple[bytes, int]:
    """A Parquet file, and where its footer begins."""
    written = BytesIO()
    pq.write_table(table, written, **options)
    content = written.getvalue()
    return content, len(content) - 8 - int.from_bytes(content[-8:-4], "little")


TABLE = pa.table({"a": [1, 2, 3], "b": [["x"], [], ["y", "z"]], "c": [{"d": 1.5}, None, {"d": 2.5}]})


def test_a_footer_is_read_as_pyarrow_reads_it() -> None:
    """Rows, row groups, and the path, count, size and place of every column."""
    content, start = footer(TABLE, row_group_size=2)
    found = Reader(content, start).structure()
    metadata = pq.ParquetFile(pa.BufferReader(content)).metadata
    assert (metadata.num_rows, metadata.num_row_groups) == (found[3], len(found[4]))
    for number, group in enumerate(found[4]):
        expected = metadata.row_group(number)
        for place, column in enumerate(group[1]):
            stated, meant = column[3], expected.column(place)
            assert meant.path_in_schema == b".".join(stated[3]).decode()
            assert (meant.num_values, meant.total_compressed_size) == (stated[5], stated[7])
            assert meant.data_page_offset == stated[9]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_structure_or_refused(content: bytes) -> None:
    """It ends within the bytes, and raises nothing but its own error."""
    reader = Reader(content, 0)
    try:
        reader.structure()
    except ThriftError:
        return
    assert reader.position <= len(content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x1c" * 40, "nested too deeply"),
        (b"\x18\xff\xff\xff\x7f", "ends early"),
        (b"\x16" + b"\xff" * 12, "an integer that does not end"),
        (b"\x1b\x00", "a type that Parquet does not use: 11"),
        (b"", "ends early"),
    ],
)
def test_what_is_no_thrift_of_parquet_is_refused(content: bytes, said: str) -> None:
    """Structures without end, lengths beyond the bytes, integers without end, maps."""
    with pytest.raises(ThriftError, match=said):
        Reader(content, 0).structure()
