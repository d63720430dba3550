"""Owns the unpacking of gzip in pieces: in time that grows with the bytes, however many members there are."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

MAGIC = b"\x1f\x8b"
# What lies behind a member is copied when the member ends. Many small ones would copy their file again and
# again: so that each is given little at first, and a long one more and more.
_STEP_BYTES_MIN = 1024


class GzipDamaged(Exception):
    """A stream none of which can be trusted."""


class GzipCutOff(Exception):
    """A stream that ends early; what it gave before holds."""


def unpacked(pieces: Iterable[bytes], length_max: int) -> Iterator[bytes]:
    """What the pieces unpack to, in pieces of at most `length_max` bytes, which whoever asks has to sum up.

    Raises GzipDamaged, also for anything but a member behind a member, and GzipCutOff at the end.
    """
    stream, step = None, 0
    for packed in pieces:
        position = 0
        while position < len(packed):
            if stream is None:
                stream, step = zlib.decompressobj(wbits=31), _STEP_BYTES_MIN
            given = packed[position : position + step]
            position, step = position + len(given), step * 2
            yield from _member(stream, given, length_max)
            if stream.eof:
                position -= len(stream.unused_data)
                stream = None
    if stream is not None:
        raise GzipCutOff


def _member(stream: zlib._Decompress, given: bytes, length_max: int) -> Iterator[bytes]:
    """All that these bytes give, up to the end of the member."""
    while True:
        try:
            piece = stream.decompress(given, length_max)
        except zlib.error as error:
            raise GzipDamaged(f"the gzip stream is damaged: {error}") from None
        if piece:
            yield piece
        given = stream.unconsumed_tail
        # Without a tail there may still be bytes within, as long as there was a piece.
        if stream.eof or not (given or piece):
            return
