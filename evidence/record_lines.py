"""Owns how a file of lines is cut: where each line begins, and what of it is not white space around."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np

from evidence.json_strict import DEPTH_MAX

_AROUND = b" \t\r\n"
_WINDOW_BYTES = 1024 * 1024


def lines_of(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(offset, bytes) of every line without the white space around it; empty bytes for a blank line.

    A line ends with a line feed alone: neither a carriage return nor what else Unicode calls an end.
    """
    position = 0
    # Lines by memchr, which is quicker than splitting; the buffer is the data itself, not a copy.
    for raw in io.BytesIO(data):
        line = raw.lstrip(_AROUND)
        yield position + len(raw) - len(line), line.rstrip(_AROUND)
        position += len(raw)


def deep_length(data: bytes) -> int:
    """The least number of bytes within which more than DEPTH_MAX brackets open.

    No shorter record of the data is nested too deeply, which spares each of them the counting.
    """
    least = len(data) + 1
    before = np.empty(0, dtype=np.int64)
    for start in range(0, len(data), _WINDOW_BYTES):
        count = min(_WINDOW_BYTES, len(data) - start)
        window = np.frombuffer(data, dtype=np.uint8, count=count, offset=start)
        # Both opening brackets, which differ from each other in one bit.
        places = np.concatenate((before, np.flatnonzero((window | 0x20) == ord("{")) + start))
        if len(places) > DEPTH_MAX:
            spans = places[DEPTH_MAX:] - places[:-DEPTH_MAX]
            least = min(least, int(spans.min()) + 1)
        before = places[-DEPTH_MAX:]
    return least
