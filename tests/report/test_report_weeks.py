"""Weeks are named as ISO names them, and what is no week is refused with what to write."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import InputError
from evidence.report import parse_week

from .made import at


@given(st.dates(date(1971, 1, 4), date(2261, 12, 1)))
def test_a_week_is_the_one_of_the_calendar(day: date) -> None:
    """Its name leads to its Monday and back, and it ends when the next begins."""
    year, number, weekday = day.isocalendar()
    week = parse_week(f"{year}-W{number:02d}")
    assert day - timedelta(days=weekday - 1) == week.monday
    assert f"{year}-W{number:02d}" == week.name
    assert at(f"{week.monday + timedelta(days=7)}T00:00") == week.cut


def test_a_small_w_names_the_same_week() -> None:
    """As people type it."""
    assert parse_week("2026-W07") == parse_week("2026-w07")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-W54", "2026 has no week 54. Name one of 2026-W01 to 2026-W53"),
        ("2025-W53", "2025 has no week 53. Name one of 2025-W01 to 2025-W52"),
        ("2026-W00", "2026 has no week 0"),
        ("2026-W60", "2026 has no week 60"),
        ("last", "'last' names no week. Write an ISO week as 2026-W07"),
        ("2026-W7", "names no week"),
        ("1900-W01", "1900-W01 lies outside 1970 to 2261"),
        ("2026-W07\n", "names no week"),
        ("", "names no week"),
    ],
)
def test_what_is_no_week_is_refused(text: str, said: str) -> None:
    """With the weeks that there are."""
    with pytest.raises(InputError) as refused:
        parse_week(text)
    assert said in str(refused.value)


def test_a_trend_is_half_a_year_that_ends_with_the_week() -> None:
    """Twenty-six weeks, across New Year."""
    trend = parse_week("2026-W02").trend
    assert (26, "2025-W29", "2025-W52", "2026-W01", "2026-W02") == (len(trend), trend[0], *trend[-3:])
