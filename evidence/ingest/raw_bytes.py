"""Owns the second look at records: raw bytes by file and offset, proved against the first look's digest."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from evidence.errors import InputError, Place
from evidence.ingest.index import Index, in_batches
from evidence.ingest.streams import ExportStream
from evidence.intake.layout import decompress

_OPEN_MAX = 64


class RawBytes:
    """Reads spans of the indexed files; what is compressed is unpacked aside once. A context manager."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._open: dict[int, BinaryIO] = {}

    def __enter__(self) -> RawBytes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handle in self._open.values():
            handle.close()
        self._open.clear()

    def read(self, file_id: int, start: int, length: int, sha256: bytes) -> bytes:
        """The bytes of a span. Raises InputError when they are no longer those of the first look."""
        # Records are asked for in the order of time: what a buffer would read beside them is seldom the next.
        data = os.pread(self._handle(file_id).fileno(), length, start)
        if hashlib.sha256(data).digest() != sha256:
            path = self._index.sources[file_id].path
            raise InputError("changed while it was read", place=Place(path), remedy="Run it again")
        return data

    def digests(self, query: str, digest: Callable[[bytes], bytes]) -> Iterator[tuple[bytes, bytes]]:
        """(record digest, what `digest` makes of the bytes). `query` gives sha256 and record_id."""
        rows = self._index.connection.execute(
            f"select q.sha256, file_id, start, length from ({query}) as q"
            " join records using (record_id) order by file_id, start"
        )
        for sha256, file_id, start, length in in_batches(rows):
            yield sha256, digest(self.read(file_id, start, length, sha256))

    def _handle(self, file_id: int) -> BinaryIO:
        if file_id not in self._open:
            if len(self._open) >= _OPEN_MAX:
                self._open.pop(next(iter(self._open))).close()
            self._open[file_id] = self._opened(file_id)
        return self._open[file_id]

    def _opened(self, file_id: int) -> BinaryIO:
        source = self._index.sources[file_id].path
        if self._index.facts[file_id].is_seekable:
            return source.open("rb", buffering=0)
        unpacked = self._index.scratch / f"{file_id}.unpacked"
        if not unpacked.exists():
            _unpack(source, unpacked)
        return unpacked.open("rb", buffering=0)


def _unpack(source: Path, target: Path) -> None:
    aside = target.with_suffix(".aside")
    stream = ExportStream(source)
    try:
        with aside.open("wb") as handle:
            if stream.is_gzip:
                handle.writelines(stream.chunks())
            else:
                handle.write(decompress(source.read_bytes())[0])  # the rows of a Parquet file
    finally:
        stream.close()
    aside.rename(target)
