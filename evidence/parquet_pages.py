"""Owns what a Parquet file may unpack to, judged by its footer and page headers before any page is unpacked.

A footer may lie about sizes: what is allocated is what the header of each page says. So all headers are read
(Thrift's compact protocol), and what they say is summed up. A value that a page holds once may be repeated by
every row that points to it (a dictionary, a prefix): how much that can come to decides how many rows are
decoded at once. Standard library only: where the chunks lie is read out of the footer here as well, because
pyarrow ends the process over a footer whose statistics contradict each other.
"""

from __future__ import annotations

from dataclasses import dataclass

from evidence.thrift import Reader, ThriftError, Value

FOOTER_BYTES_MAX = 8 * 1024 * 1024
"""Largest footer: its columns take many times its size in memory."""
VALUE_BYTES_MAX = 16 * 1024 * 1024
"""Largest dictionary and row, as no larger record is read; and most values in the lists of a row group."""
PAGES_MAX = 100_000
COLUMNS_MAX = 10_000
_MAGIC = b"PAR1"
_DATA, _DICTIONARY, _DATA_V2 = 0, 2, 3
_DELTA_BYTE_ARRAY = 7
# Fields of the footer, of a row group, of a column in it, and of what is stated of that.
_ROW_GROUPS, _COLUMNS, _STATED = 4, 1, 3
_PATH, _VALUE_COUNT, _LENGTH, _DATA_OFFSET, _DICTIONARY_OFFSET = 3, 5, 7, 9, 11
_DAMAGED_FOOTER = "the footer of the Parquet file is damaged"
_DAMAGED_HEADER = "a page header of the Parquet file is damaged"


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


def chunks_of(content: bytes, is_list: list[bool]) -> list[Chunk]:
    """The chunks of every row group, as the footer places them; `is_list` by column of the schema.

    Raises ParquetRefused where the footer is damaged.
    """
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    if footer < 0:
        raise ParquetRefused("unknown_format", _DAMAGED_FOOTER)
    try:
        groups = Reader(content, footer).structure().get(_ROW_GROUPS, [])
    except ThriftError as error:
        raise ParquetRefused("unknown_format", f"{_DAMAGED_FOOTER}: {error}") from None
    found = []
    for group in _list(groups):
        columns = _list(_fields_of(group).get(_COLUMNS))
        if len(columns) != len(is_list):
            raise ParquetRefused("unknown_format", _DAMAGED_FOOTER)
        found += [_chunk(column, one) for column, one in zip(columns, is_list, strict=True)]
    return found


def _chunk(column: Value, is_list: bool) -> Chunk:
    stated = _fields_of(_fields_of(column).get(_STATED))
    integers = [stated.get(field) for field in (_DATA_OFFSET, _LENGTH, _VALUE_COUNT)]
    start, length, value_count = (each if isinstance(each, int) else -1 for each in integers)
    dictionary = stated.get(_DICTIONARY_OFFSET)
    if isinstance(dictionary, int) and 0 < dictionary < start:
        start = dictionary
    if start < 0 or length < 0:
        raise ParquetRefused("unknown_format", "a column of the Parquet file lies nowhere")
    parts = [part for part in _list(stated.get(_PATH)) if isinstance(part, bytes)]
    return Chunk(b".".join(parts).decode("utf-8", "replace"), start, length, value_count, is_list)


def _list(value: Value | None) -> list[Value]:
    return value if isinstance(value, list) else []


def _fields_of(value: Value | None) -> dict[int, Value]:
    return value if isinstance(value, dict) else {}


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
            values += max(0, header.of_page(kind, 1) or 0)
            if header.of_page(kind, 2 if kind == _DATA else 4) == _DELTA_BYTE_ARRAY:
                repeated = max(repeated, size)
        position = header.end + packed
    return Pages(unpacked, values, repeated, count)


class _Header:
    """The header of one page: its own integers by field, and those of the structures in it."""

    def __init__(self, content: bytes, position: int) -> None:
        reader = Reader(content, position)
        try:
            self._fields = reader.structure()
        except ThriftError:
            raise ParquetRefused("unknown_format", _DAMAGED_HEADER) from None
        self.end = reader.position

    def integer(self, field: int) -> int:
        """The field's value. Raises ParquetRefused where it is missing."""
        value = self._fields.get(field)
        if not isinstance(value, int):
            raise ParquetRefused("unknown_format", _DAMAGED_HEADER)
        return value

    def of_page(self, kind: int, field: int) -> int | None:
        """The field of the structure that speaks of a data page of this kind; None where it is missing."""
        page = self._fields.get(5 if kind == _DATA else 8)
        value = page.get(field) if isinstance(page, dict) else None
        return value if isinstance(value, int) else None
