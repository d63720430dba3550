"""Owns how often Python looks for cycles that nobody holds any more."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

# New objects between two looks: what a run over a few incidents never reaches, and one over many does.
THRESHOLD = 1_000_000


@contextlib.contextmanager
def rare_collections() -> Iterator[None]:
    """While it lasts, Python looks for cycles seldom: a run imports and builds much and drops few of them.

    At the usual 700 new objects between two looks they take a tenth of a run's time.
    """
    before = gc.get_threshold()
    gc.set_threshold(THRESHOLD, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
