"""What is said of decisions that come earlier or later."""

from __future__ import annotations

import duckdb
import pytest

from simulator.comparison.classification import CLASSES
from simulator.comparison.rendering.wording import time_sentence
from simulator.comparison.summary import time_shift
from simulator.comparison.summary_model import TimeShift

SECOND_NS = 10**9


def shift_of(*shifts_ns: int) -> TimeShift:
    """The figures over incidents whose decisions shift by so much."""
    with duckdb.connect() as connection:
        rows = ", ".join(f"(0::bigint, {each}::bigint)" for each in shifts_ns)
        connection.execute(
            f"create table {CLASSES} as"
            f" from (values {rows}) as shifts (baseline_decided_at, candidate_decided_at)"
        ).fetchall()
        return time_shift(connection)


def test_less_than_a_second_earlier_is_earlier() -> None:
    """Only what is decided at the very same nanosecond counts as at the same time."""
    found = shift_of(-400_000_000, 0, 1, 60 * SECOND_NS)
    assert (1, 2, 1) == (found.earlier_count, found.later_count, found.same_count)
    assert (0, 60) == (found.median_seconds, found.p90_seconds)


@pytest.mark.parametrize(
    ("shifts", "said"),
    [
        ((-449, -20, 179), "nine in ten at most 2 min 59 s later."),
        ((-449, -20, 0), "nine in ten no later."),
        ((-449, -20, -7), "nine in ten 7 s earlier or more."),
    ],
)
def test_nine_in_ten_says_which_way(shifts: tuple[int, ...], said: str) -> None:
    """The figure has a sign: it bounds how much later decisions come, not how much they move."""
    found = shift_of(*(each * SECOND_NS for each in shifts))
    assert time_sentence(found).endswith(f"; {said}")
