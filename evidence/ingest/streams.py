"""Owns the reading of an export of any size as a stream of unpacked bytes, digested as they lie on disk."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from evidence import gzip_streams
from evidence.export_files import FILE_BYTES_MAX, READ_FLAGS

CHUNK_BYTES = 8 * 1024 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
GZIP_RATIO_MAX = 200
"""Beyond FILE_BYTES_MAX, a gzip file that unpacks to more than this many times its size is a bomb."""


class StreamRefused(Exception):
    """A file none of which can be trusted; `reason` is one of quarantine's."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class ExportStream:
    """One pass over a regular file; `byte_count` and `is_cut_off` hold once it is read to the end."""

    def __init__(self, path: Path) -> None:
        self.byte_count = 0
        self.is_cut_off = False
        self._handle: BinaryIO = os.fdopen(os.open(path, READ_FLAGS), "rb")
        self._digest = hashlib.sha256()
        self._first = self._from_disk()
        self.is_gzip = self._first.startswith(gzip_streams.MAGIC)

    def close(self) -> None:
        """Close the file."""
        self._handle.close()

    @property
    def sha256(self) -> str:
        """Digest of the bytes as they lie on disk; reads what has not been read yet."""
        while self._from_disk():
            pass
        return self._digest.hexdigest()

    def chunks(self) -> Iterator[bytes]:
        """The unpacked bytes in pieces of at most CHUNK_BYTES. Raises StreamRefused."""
        if self.is_gzip:
            yield from self._unpacked()
            return
        yield from self._packed()

    def _unpacked(self) -> Iterator[bytes]:
        total = 0
        try:
            for piece in gzip_streams.unpacked(self._packed(), CHUNK_BYTES):
                total += len(piece)
                if total > max(FILE_BYTES_MAX, GZIP_RATIO_MAX * self.byte_count):
                    detail = f"the file unpacks to more than {GZIP_RATIO_MAX} times its size"
                    raise StreamRefused("size_exceeded", detail)
                yield piece
        except gzip_streams.GzipDamaged as damaged:
            raise StreamRefused("unknown_format", str(damaged)) from None
        except gzip_streams.GzipCutOff:
            self.is_cut_off = True

    def _packed(self) -> Iterator[bytes]:
        piece = self._first
        while piece:
            yield piece
            piece = self._from_disk()

    def _from_disk(self) -> bytes:
        piece = self._handle.read(CHUNK_BYTES)
        self._digest.update(piece)
        self.byte_count += len(piece)
        return piece


def whole_lines(head: bytes, chunks: Iterator[bytes]) -> Iterator[tuple[int, bytes, bool]]:
    """(offset, bytes, whether they are the last) of pieces that end where a line ends, or the stream.

    Raises StreamRefused for a line of more than FILE_BYTES_MAX. A byte order mark is left out.
    """
    base = len(BYTE_ORDER_MARK) if head.startswith(BYTE_ORDER_MARK) else 0
    # Joined at a line's end alone: a long line in many pieces is not copied with each of them.
    held = [head[base:]]
    size = len(held[0])
    for chunk in chunks:
        end = held[-1].rfind(b"\n") + 1
        if end:
            tail = held[-1][end:]
            held[-1] = held[-1][:end]
            yield base, b"".join(held), False
            base += size - len(tail)
            held, size = [tail], len(tail)
        elif size > FILE_BYTES_MAX:
            raise StreamRefused("size_exceeded", f"a line has more than {FILE_BYTES_MAX} bytes")
        held.append(chunk)
        size += len(chunk)
    yield base, b"".join(held), True
