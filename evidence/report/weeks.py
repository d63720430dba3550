"""Owns the ISO weeks of reports: how one is named, when it begins and ends, and which come before it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from evidence.errors import InputError
from evidence.times import NS_PER_SECOND

WEEKS_BEFORE = 25
"""How many weeks before the report's own its trends show: half a year with it."""

_NAME = re.compile(r"([0-9]{4})-[Ww]([0-9]{2})")
_EPOCH = date(1970, 1, 1)
_DAY_NS = 86_400 * NS_PER_SECOND
_YEARS = range(1970, 2262)


@dataclass(frozen=True, slots=True)
class Week:
    """An ISO week in UTC."""

    monday: date

    @property
    def name(self) -> str:
        """Such as 2026-W07; the year is that of its Thursday."""
        year, week, _ = self.monday.isocalendar()
        return f"{year}-W{week:02d}"

    @property
    def sunday(self) -> date:
        """Its last day."""
        return self.monday + timedelta(days=6)

    @property
    def cut(self) -> int:
        """The week's end, ns UTC: 00:00 of the Monday after. What arrives from then on is late."""
        return (self.monday + timedelta(days=7) - _EPOCH).days * _DAY_NS

    def before(self, weeks: int) -> Week:
        """The week so many weeks earlier."""
        return Week(self.monday - timedelta(weeks=weeks))

    @property
    def trend(self) -> tuple[str, ...]:
        """The names of the weeks that its trends show, oldest first, itself the last."""
        return tuple(self.before(weeks).name for weeks in range(WEEKS_BEFORE, -1, -1))


def parse_week(text: str) -> Week:
    """The week of that name, its W large or small.

    Raises InputError for what no calendar has, with what to write instead.
    """
    match = _NAME.fullmatch(text)
    if match is None:
        raise InputError(
            f"{text[:40]!r} names no week",
            remedy="Write an ISO week as 2026-W07, or leave it out for the last",
        )
    year, number = int(match[1]), int(match[2])
    if year not in _YEARS:
        raise InputError(f"{text} lies outside {_YEARS[0]} to {_YEARS[-1]}", remedy="Name a week as 2026-W07")
    last = date(year, 12, 28).isocalendar().week  # 28 December always lies in the last week
    if not 1 <= number <= last:
        raise InputError(f"{year} has no week {number}", remedy=f"Name one of {year}-W01 to {year}-W{last}")
    return Week(date.fromisocalendar(year, number, 1))
