"""Owns how a file of lines is cut: where each line begins, and what of it is not white space around."""

from __future__ import annotations

import io
from collections.abc import Iterator

_AROUND = b" \t\r\n"


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
