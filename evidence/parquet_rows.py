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
from math import isfinite
from typing import Any

from evidence.anchors import NumberToken, canonical_json
from evidence.times import format_rfc3339

MAGIC = b"PAR1"
# Few, because a cell that is stored once may be repeated in every row.
ROWS_PER_BATCH = 64
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class ParquetRefused(Exception):
    """A Parquet file that cannot be read; `reason` is one of quarantine's."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def is_parquet(content: bytes) -> bool:
    """Whether it begins as a Parquet file does."""
    return content.startswith(MAGIC)


def rows_as_lines(content: bytes, size_max: int) -> bytes:
    """The rows as lines of canonical JSON; at most `size_max` bytes. Raises ParquetRefused."""
    lines: list[bytes] = []
    size = 0
    for line in _lines(content, size_max):
        size += len(line) + 1
        if size > size_max:
            raise ParquetRefused("size_exceeded", f"the rows have more than {size_max} bytes as JSON")
        lines.append(line)
    return b"\n".join(lines)


def _lines(content: bytes, size_max: int) -> Iterator[bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        names = file.schema_arrow.names
        if len(set(names)) != len(names):
            raise ParquetRefused("unknown_format", "the Parquet file has two columns of one name")
        declared = sum(file.metadata.row_group(group).total_byte_size for group in range(file.num_row_groups))
        if declared > size_max:
            raise ParquetRefused("size_exceeded", f"the columns have {declared} bytes; at most {size_max}")
        for batch in file.iter_batches(batch_size=ROWS_PER_BATCH):
            for row in batch.to_pylist(maps_as_pydicts="strict"):
                yield canonical_json(_plain(row))
    except UnicodeDecodeError as error:
        raise ParquetRefused("not_utf8", f"a text of the Parquet file is not UTF-8: {error}") from None
    except (pa.ArrowException, OSError, ValueError, KeyError, OverflowError, TypeError) as error:
        what = " ".join(str(error).split())[:200]
        raise ParquetRefused("unknown_format", f"the Parquet file cannot be read: {what}") from None


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
