"""Owns how answers are read: a line at a time as they are given, and what is left over without waiting."""

from __future__ import annotations

import io
import os
import select
from collections.abc import Iterator
from typing import TextIO

LEFT_OVER_MAX = 1000  # lines looked at behind the last answer that was asked for
LINE_BYTES_MAX = 1000  # an answer is a word; a longer line is cut into several
READ_BYTES = 65_536


class Answers:
    """The lines of a terminal, a file, a pipe or a text in memory.

    A pipe is read by its descriptor, so that what has arrived can be told from what may still come: the
    reader of `sys.stdin` holds lines that nobody can ask for without waiting.
    """

    def __init__(self, source: TextIO) -> None:
        self._source = source
        self.is_terminal = source.isatty()
        self._descriptor = None if self.is_terminal else _descriptor_of(source)
        self._held = b""
        if isinstance(source, io.TextIOWrapper):
            source.reconfigure(errors="replace")  # what is no text is no answer

    def next_line(self) -> str:
        """The next line, waited for; empty at the end of input."""
        if self._descriptor is None:
            return self._source.readline()
        while not self._has_line() and self._read(self._descriptor):
            pass
        return self._take_line()

    def left_over(self) -> Iterator[str]:
        """Lines that are there already, at most LEFT_OVER_MAX."""
        for _ in range(LEFT_OVER_MAX):
            if self._descriptor is None:
                line = self._source.readline()
            else:
                while not self._has_line() and _is_ready(self._descriptor) and self._read(self._descriptor):
                    pass
                line = self._take_line()
            if not line:
                return
            yield line

    def _has_line(self) -> bool:
        return b"\n" in self._held[:LINE_BYTES_MAX] or len(self._held) >= LINE_BYTES_MAX

    def _read(self, descriptor: int) -> bool:
        """Read what is there; false at the end of input."""
        read = os.read(descriptor, READ_BYTES)
        self._held += read
        return bool(read)

    def _take_line(self) -> str:
        end = self._held.find(b"\n", 0, LINE_BYTES_MAX) + 1 or LINE_BYTES_MAX
        line, self._held = self._held[:end], self._held[end:]
        return line.decode(self._source.encoding or "utf-8", errors="replace")


def _descriptor_of(source: TextIO) -> int | None:
    """None for a text in memory, which nobody has to wait for."""
    try:
        return source.fileno()
    except OSError:
        return None


def _is_ready(descriptor: int) -> bool:
    return bool(select.select([descriptor], [], [], 0)[0])
