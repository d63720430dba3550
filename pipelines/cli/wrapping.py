"""Owns how text is laid out for a terminal: long lines are wrapped, and items hang below their beginning."""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap

WIDTH_MAX = 110  # longer lines are hard to follow
WIDTH_MIN = 40
_DEEPER = 4  # columns by which the rest of a table's line hangs
_MARK = re.compile(r" *(?:- )?")


def wrapped(text: str) -> str:
    """The text in lines as wide as the terminal at most; where there is none, or COLUMNS, of 110 characters.

    Only between words: a name or an address that is longer stands whole, so that it can be copied.
    """
    width = line_width()
    return "".join(f"{_laid_out(line, width)}\n" for line in text.splitlines())


def fitted(line: str) -> str:
    """A table's line, and below it, deeper, what the terminal has no room for; whole where there is none.

    Whoever pipes a table into another tool wants one line an entry.
    """
    if not _is_width_known():
        return line
    indent = " " * (len(line) - len(line.lstrip()) + _DEEPER)
    return textwrap.fill(
        line, line_width(), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def line_width() -> int:
    """Columns of the terminal, or of COLUMNS, between WIDTH_MIN and WIDTH_MAX; without one WIDTH_MAX."""
    if not _is_width_known():
        return WIDTH_MAX
    columns = shutil.get_terminal_size(fallback=(WIDTH_MAX, 0)).columns
    return max(WIDTH_MIN, min(WIDTH_MAX, columns))


def _is_width_known() -> bool:
    """Whether what is printed goes to a terminal, or somebody has said how wide it is to be."""
    return sys.stdout.isatty() or "COLUMNS" in os.environ


def _laid_out(line: str, width: int) -> str:
    mark = _MARK.match(line)
    hang = " " * len(mark[0]) if mark else ""
    return textwrap.fill(line, width, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False)
