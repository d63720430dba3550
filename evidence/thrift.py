"""Owns Thrift's compact protocol, as far as Parquet's footer and page headers are written in it.

Standard library only, and nothing is believed: what runs beyond the bytes, or nests deeper than Parquet does,
is a ThriftError.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

DEPTH_MAX = 16
INTEGERS = (4, 5, 6)
STRUCT = 12
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LISTS = 1, 2, 3, 7, 8, (9, 10)

Value: TypeAlias = "int | bytes | list[Value] | dict[int, Value]"


class ThriftError(Exception):
    """Bytes that are no Thrift, or no such Thrift as Parquet writes."""


class Reader:
    """Reads `content` from `position` on; `position` is then where the next byte is."""

    def __init__(self, content: bytes, position: int) -> None:
        self._content, self.position = content, position

    def fields(self) -> Iterator[tuple[int, int]]:
        """(field, type) of a structure; the caller reads or skips each value before it asks for the next."""
        field = 0
        while byte := self._byte():
            field = field + (byte >> 4) if byte >> 4 else self.integer()
            yield field, byte & 15

    def integer(self) -> int:
        """A signed integer of any width."""
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def structure(self, depth: int = 0) -> dict[int, Value]:
        """A structure by field; what is neither integer, bytes, list nor structure is passed over."""
        return {
            field: value
            for field, kind in self.fields()
            if (value := self.value(kind, depth + 1)) is not None
        }

    def value(self, kind: int, depth: int = 0) -> Value | None:
        """A value of the type; None for one that is no such value."""
        if depth > DEPTH_MAX:
            raise ThriftError("nested too deeply")
        if kind in INTEGERS:
            return self.integer()
        if kind == _BINARY:
            return self._take(self._varint())
        if kind in _LISTS:
            return self._list(depth)
        if kind == STRUCT:
            return self.structure(depth)
        if kind == _BYTE:
            self._byte()
        elif kind == _DOUBLE:
            self._take(8)
        elif kind not in (_TRUE, _FALSE):
            raise ThriftError(f"a type that Parquet does not use: {kind}")
        return None

    def _list(self, depth: int) -> list[Value]:
        byte = self._byte()
        kind, count = byte & 15, byte >> 4 if byte >> 4 < 15 else self._varint()
        if kind in (_TRUE, _FALSE):
            kind = _BYTE
        read = (self.value(kind, depth + 1) for _ in range(count))
        return [value for value in read if value is not None]

    def _byte(self) -> int:
        self.position += 1
        if self.position > len(self._content):
            raise ThriftError("ends early")
        return self._content[self.position - 1]

    def _take(self, count: int) -> bytes:
        begin = self.position
        self.position += count
        if self.position > len(self._content):
            raise ThriftError("ends early")
        return self._content[begin : self.position]

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise ThriftError("an integer that does not end")
