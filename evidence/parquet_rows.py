"""Owns Parquet as records: every row as one line of canonical JSON, in the order of the rows.

This text is what records, offsets and digests of a Parquet file refer to: record n is row n, its bytes are
the row's canonical JSON (see evidence.anchors), nulls included. Timestamps are RFC 3339 in UTC, a time
without zone counts as UTC; maps are objects; bytes are text where they are UTF-8, else base64.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from math import isfinite
from typing import Any, cast

from evidence.anchors import NumberToken, canonical_json
from evidence.parquet_pages import (
    VALUE_BYTES_MAX,
    chunks_of,
    judge_chunks,
    judge_footer,
    judge_rows,
)
from evidence.parquet_pages import (
    ParquetRefused as ParquetRefused,
)
from evidence.times import format_rfc3339

MAGIC = b"PAR1"
ROWS_PER_BATCH = 1024
DECODED_BYTES_MAX = 64 * 1024 * 1024
"""Most that the columns of one batch may repeat."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def is_parquet(content: bytes) -> bool:
    """Whether it begins as a Parquet file does."""
    return content.startswith(MAGIC)


def rows_as_lines(content: bytes, size_max: int) -> bytes:
    """The rows as lines of canonical JSON; at most `size_max` bytes. Raises ParquetRefused.

    What is decoded at once stays below DECODED_BYTES_MAX, and one row below VALUE_BYTES_MAX.
    """
    lines = BytesIO()
    for line in _lines(content, size_max):
        if lines.tell() + len(line) > size_max:
            raise ParquetRefused("size_exceeded", f"the rows have more than {size_max} bytes as JSON")
        if lines.tell():
            lines.write(b"\n")
        lines.write(line)
    return lines.getvalue()


def _lines(content: bytes, size_max: int) -> Iterator[bytes]:
    import pyarrow as pa

    try:
        judge_footer(content)
        for batch in _batches(content, size_max):
            for some in _bounded(batch):
                for row in some.to_pylist(maps_as_pydicts="strict"):
                    yield canonical_json(_plain(row))
    except UnicodeDecodeError as error:
        raise ParquetRefused("not_utf8", f"a text of the Parquet file is not UTF-8: {error}") from None
    except (pa.ArrowException, OSError, ValueError, KeyError, OverflowError, TypeError) as error:
        what = " ".join(str(error).split())[:200]
        raise ParquetRefused("unknown_format", f"the Parquet file cannot be read: {what}") from None


def _batches(content: bytes, size_max: int) -> Iterator[Any]:
    """Some rows at a time; few where each may hold much."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    limits = {"thrift_string_size_limit": VALUE_BYTES_MAX, "thrift_container_size_limit": 100_000}
    file = pq.ParquetFile(pa.BufferReader(content), **limits)
    names = file.schema_arrow.names
    if len(set(names)) != len(names):
        raise ParquetRefused("unknown_format", "the Parquet file has two columns of one name")
    judge_rows(file.metadata.num_rows, names, size_max)
    columns = [file.schema.column(number) for number in range(len(file.schema.names))]
    chunks = chunks_of(content, [column.max_repetition_level > 0 for column in columns])
    found = judge_chunks(content, chunks, size_max)
    is_list = {chunk.path for chunk in chunks if chunk.is_list}
    row_bytes = sum(pages.repeated_bytes for path, pages in found.items() if path not in is_list)
    # No header tells how many values of a list a row has: what they repeat stays a dictionary till then.
    coded = [
        path
        for path in sorted(is_list)
        if found[path].value_count * found[path].repeated_bytes > DECODED_BYTES_MAX
    ]
    if coded:
        file = pq.ParquetFile(pa.BufferReader(content), read_dictionary=coded, **limits)
    row_count = max(1, min(ROWS_PER_BATCH, DECODED_BYTES_MAX // max(1, row_bytes)))
    return cast(Iterator[Any], file.iter_batches(batch_size=row_count, use_threads=False))


def _bounded(batch: Any) -> Iterator[Any]:
    """The batch, or its rows one by one where they hold much. Raises ParquetRefused for too large a row."""
    if _decoded_bytes(batch) <= VALUE_BYTES_MAX:
        yield batch
        return
    for number in range(batch.num_rows):
        row = batch.slice(number, 1)
        size = _decoded_bytes(row)
        if size > VALUE_BYTES_MAX:
            what = f"a row has {size} bytes; at most {VALUE_BYTES_MAX} are read"
            raise ParquetRefused("size_exceeded", what)
        yield row


def _decoded_bytes(batch: Any) -> int:
    """The bytes of all cells, with what a dictionary holds once counted wherever it is meant."""
    return int(batch.nbytes) + sum(_repeated(column) for column in batch.columns)


def _repeated(column: Any) -> int:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_dictionary(kind):
        lengths = pc.binary_length(column.dictionary)
        return pc.sum(pc.take(lengths, column.indices)).as_py() or 0
    if pa.types.is_struct(kind):
        return sum(_repeated(inner) for inner in column.flatten())
    if pa.types.is_map(kind):
        first = column.offsets[0].as_py()
        count = column.offsets[-1].as_py() - first
        return sum(_repeated(inner.slice(first, count)) for inner in (column.keys, column.items))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _repeated(column.flatten())
    return 0


def _plain(value: Any) -> Any:
    """A cell as JSON: the same text on every machine."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return NumberToken(repr(value)) if isfinite(value) else repr(value)
    if isinstance(value, Decimal):
        return NumberToken(f"{value:f}") if value.is_finite() else str(value)
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return _text(value)
    raise TypeError(f"{type(value).__name__} has no JSON here")


def _moment(value: datetime) -> str:
    """RFC 3339; `value` may be a pandas Timestamp, which alone knows nanoseconds."""
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    nanoseconds = (aware - _EPOCH) // _MICROSECOND * 1000 + int(getattr(value, "nanosecond", 0))
    return format_rfc3339(nanoseconds) if nanoseconds >= 0 else aware.isoformat()


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return b64encode(value).decode("ascii")
