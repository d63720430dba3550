"""Owns what a Parquet file may unpack to, judged by its footer and page headers before any page is unpacked.

A footer may lie about sizes: what is allocated is what the header of each page says. So all headers are read
(Thrift's compact protocol), and what they say is summed up. A value that a page holds once may be repeated by
every row that points to it (a dictionary, a prefix): how much that can come to decides how many rows are
decoded at once. Standard library only; the footer's own fields come from whoever reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

FOOTER_BYTES_MAX = 8 * 1024 * 1024
"""Largest footer: its columns take many times its size in memory."""
VALUE_BYTES_MAX = 16 * 1024 * 1024
"""Largest dictionary and row, as no larger record is read; and most values in the lists of a row group."""
PAGES_MAX = 100_000
COLUMNS_MAX = 10_000
_MAGIC = b"PAR1"
_DATA, _DICTIONARY, _DATA_V2 = 0, 2, 3
_DELTA_BYTE_ARRAY = 7
_DEPTH_MAX = 16
# Thrift's compact types that `_skip` and `_fields` tell apart.
_TRUE, _FALSE, _BYTE, _INTEGERS, _DOUBLE, _BINARY, _LISTS, _MAP, _STRUCT = (
    1,
    2,
    3,
    (4, 5, 6),
    7,
    8,
    (9, 10),
    11,
    12,
)


class ParquetRefused(Exception):
    """A Parquet file that cannot be read; `reason` is one of quarantine's."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Chunk:
    """Where the pages of one column of a row group lie, and whether a row may hold several of its values."""

    path: str
    start: int
    length: int
    value_count: int
    is_list: bool


@dataclass(frozen=True, slots=True)
class Pages:
    """What the headers of a chunk say: bytes unpacked, values, and the most that one value may repeat."""

    unpacked_bytes: int
    value_count: int
    repeated_bytes: int
    page_count: int


def judge_footer(content: bytes) -> None:
    """Refuse a footer that is larger than any that is read. Raises ParquetRefused."""
    size = int.from_bytes(content[-8:-4], "little")
    if content[-4:] == _MAGIC and FOOTER_BYTES_MAX < size <= len(content):
        raise ParquetRefused("size_exceeded", f"the footer has {size} bytes; at most {FOOTER_BYTES_MAX}")


def judge_rows(row_count: int, names: list[str], size_max: int) -> None:
    """Refuse more rows than can be written as lines: each has every name and a value.

    Raises ParquetRefused.
    """
    if len(names) > COLUMNS_MAX:
        raise ParquetRefused("size_exceeded", f"the file has {len(names)} columns; at most {COLUMNS_MAX}")
    least = row_count * (2 + sum(len(name) + 5 for name in names))
    if least > size_max + 1:
        raise ParquetRefused("size_exceeded", f"{row_count} rows have more than {size_max} bytes as JSON")


def judge_chunks(content: bytes, chunks: list[Chunk], size_max: int) -> dict[str, Pages]:
    """By column: what its pages come to at most. Raises ParquetRefused for more than `size_max` bytes."""
    found: dict[str, Pages] = {}
    unpacked = pages = 0
    for chunk in chunks:
        here = _pages_of(content, chunk, PAGES_MAX - pages)
        unpacked, pages = unpacked + here.unpacked_bytes, pages + here.page_count
        if unpacked > size_max:
            raise ParquetRefused("size_exceeded", f"the pages unpack to more than {size_max} bytes")
        if chunk.is_list and here.value_count > VALUE_BYTES_MAX:
            many = f"the lists of a row group have {here.value_count} values; at most {VALUE_BYTES_MAX}"
            raise ParquetRefused("size_exceeded", many)
        before = found.get(chunk.path, here)
        found[chunk.path] = Pages(
            here.unpacked_bytes,
            max(here.value_count, before.value_count),
            max(here.repeated_bytes, before.repeated_bytes),
            here.page_count,
        )
    return found


def _pages_of(content: bytes, chunk: Chunk, pages_max: int) -> Pages:
    """Read as pyarrow reads: page after page from the start, until the chunk's values are there."""
    position, end = chunk.start, min(len(content), chunk.start + chunk.length + 100)
    unpacked = values = repeated = count = 0
    while position < end and values < chunk.value_count:
        count += 1
        if count > pages_max:
            raise ParquetRefused("size_exceeded", f"the file has more than {PAGES_MAX} pages")
        header = _Header(content, position)
        size, packed = header.integer(2), header.integer(3)
        if size < 0 or packed < 0:
            raise ParquetRefused("unknown_format", "a page of the Parquet file has a negative size")
        unpacked += size
        kind = header.integer(1)
        if kind == _DICTIONARY:
            if size > VALUE_BYTES_MAX:
                what = f"a dictionary has {size} bytes; at most {VALUE_BYTES_MAX}"
                raise ParquetRefused("size_exceeded", what)
            repeated = max(repeated, size)
        elif kind in (_DATA, _DATA_V2):
            page = header.structs.get(5 if kind == _DATA else 8, {})
            values += max(0, page.get(1, 0))
            if page.get(2 if kind == _DATA else 4) == _DELTA_BYTE_ARRAY:
                repeated = max(repeated, size)
        position = header.end + packed
    return Pages(unpacked, values, repeated, count)


class _Header:
    """The header of one page: its own integers by field, and those of the structures in it."""

    def __init__(self, content: bytes, position: int) -> None:
        self._content, self.end = content, position
        self._integers: dict[int, int] = {}
        self.structs: dict[int, dict[int, int]] = {}
        try:
            for field, kind in self._fields():
                if kind in _INTEGERS:
                    self._integers[field] = self._zigzag()
                elif kind == _STRUCT:
                    self.structs[field] = self._inner()
                else:
                    self._skip(kind, 0)
        except (IndexError, ValueError):
            raise ParquetRefused("unknown_format", "a page header of the Parquet file is damaged") from None

    def integer(self, field: int) -> int:
        """The field's value. Raises ParquetRefused where it is missing."""
        if field not in self._integers:
            raise ParquetRefused("unknown_format", "a page header of the Parquet file is damaged")
        return self._integers[field]

    def _inner(self) -> dict[int, int]:
        integers = {}
        for field, kind in self._fields():
            if kind in _INTEGERS:
                integers[field] = self._zigzag()
            else:
                self._skip(kind, 1)
        return integers

    def _fields(self) -> Iterator[tuple[int, int]]:
        field = 0
        while byte := self._byte():
            field = field + (byte >> 4) if byte >> 4 else self._zigzag()
            yield field, byte & 15

    def _skip(self, kind: int, depth: int) -> None:
        if depth > _DEPTH_MAX:
            raise ValueError
        if kind in _INTEGERS:
            self._varint()
        elif kind == _BYTE:
            self._byte()
        elif kind == _DOUBLE:
            self._pass(8)
        elif kind == _BINARY:
            self._pass(self._varint())
        elif kind in _LISTS:
            self._skip_list(depth)
        elif kind == _STRUCT:
            for _, inner in self._fields():
                self._skip(inner, depth + 1)
        elif kind not in (_TRUE, _FALSE):
            raise ValueError  # a map: no header has one

    def _skip_list(self, depth: int) -> None:
        byte = self._byte()
        kind = byte & 15
        count = byte >> 4 if byte >> 4 < 15 else self._varint()
        for _ in range(count):
            self._skip(_BYTE if kind in (_TRUE, _FALSE) else kind, depth + 1)

    def _byte(self) -> int:
        self.end += 1
        return self._content[self.end - 1]

    def _pass(self, count: int) -> None:
        self.end += count
        if self.end > len(self._content):
            raise IndexError

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise ValueError

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
