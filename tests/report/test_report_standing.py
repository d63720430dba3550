"""A report says in its first line when the records do not reach the end of its week, or its begin."""

from __future__ import annotations

import pytest

from evidence.report import render_html, render_markdown

from .made import Made, at, reported

LAST = Made("inc-last", at("2026-03-04T09:00"))
ENDS = "The last record came at 2026-03-04T09:00:00Z"


@pytest.mark.parametrize(
    ("week", "standing", "first"),
    [
        ("2026-W09", "over", "No incident was detected this week; the week before had none."),
        (
            "2026-W10",
            "running",
            f"{ENDS}; what is left of the week was quiet, or has not arrived yet.",
        ),
        ("2026-W11", "ahead", f"{ENDS}, before this week: nothing is known of it."),
    ],
)
def test_a_week_is_over_by_the_records_alone(week: str, standing: str, first: str) -> None:
    """The last record came on a Wednesday: the week before is over, its own is not, the next is unknown."""
    report = reported([LAST], week)
    assert (standing, first) == (report.standing, report.changes[0])
    for told in (render_html(report), render_markdown(report)):
        assert ("Nothing is restated" in told) == (standing == "over")
        assert ("so that nothing can be late yet" in told) == (standing != "over")


def test_of_a_week_ahead_nothing_else_is_said() -> None:
    """Not that no incident was detected, which nobody knows."""
    report = reported([LAST], "2026-W30")
    assert 1 == len(report.changes)
    assert "No incident was detected" not in render_html(report)


def test_a_week_without_any_record_is_not_called_unfinished() -> None:
    """There is no end of records to hold it against."""
    assert "over" == reported([], "2026-W10").standing
