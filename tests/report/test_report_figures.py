"""Every figure of a report is that of the tables, and follows from the incidents alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from random import Random
from statistics import median
from typing import Any

import pytest

from evidence.kpis.median_ranks import median_ranks
from evidence.report import Report, parse_week, report_of
from evidence.report.model import Share, Spread, SpreadRow, Times
from evidence.report.shares import share_interval

from .made import SECOND, Made, at, opened, reported

WEEK, WEEKS = "2026-W10", 30
KPIS = {"time-to-detect": "weekly_mttd", "time-to-resolve": "weekly_mttr", "dwell-time": "weekly_dwell_time"}


def history(seed: int, count: int) -> list[Made]:
    """So many incidents, spread over half a year and a little more, the last in WEEK."""
    draw = Random(seed)
    last = at("2026-03-08T12:00")
    return [
        Made(
            f"inc-{number:03d}",
            last - draw.randrange(WEEKS * 7 * 86_400) * SECOND if number % 3 else last - number * SECOND,
            started_before=draw.choice([0, 1, 59, 600, 86_400]),
            mitigated_after=draw.choice([None, 30, 4000, 400_000]),
            resolved_after=draw.choice([None, 60, 5000, 700_000]),
            incident_type=draw.choice(["rollout", "security", "dependency"]),
            states=(),
            action=draw.choice(["roll_back_release", "gather_logs_and_traces"]),
            mode=draw.choice(["automatic", "policy_gated", "approval_required"]),
            decided_after=draw.randrange(900),
            outcome=draw.choice([None, "succeeded", "escalated"]),
            has_context=draw.random() < 0.8,
            answer=draw.choice([None, True, False]),
        )
        for number in range(count)
    ]


def spread_of(spans: Iterable[int | None]) -> dict[str, Any]:
    """The figures of whole seconds, by the definitions of the reference; None: open."""
    all_spans = list(spans)
    seconds = sorted(span for span in all_spans if span is not None)
    n = len(seconds)
    if not n:
        return {"n": 0, "open_count": len(all_spans)}
    ranks = median_ranks(n)
    return {
        "n": n,
        "open_count": len(all_spans) - n,
        "median_seconds": int(median(seconds) + 0.5),
        "p90_seconds": seconds[-(-9 * n // 10) - 1],
        "interval_low_seconds": seconds[ranks[0] - 1] if ranks else None,
        "interval_high_seconds": seconds[ranks[1] - 1] if ranks else None,
    }


def told(spread: Spread) -> dict[str, Any]:
    """The same of a figure of the report."""
    names = (
        "n",
        "open_count",
        "median_seconds",
        "p90_seconds",
        "interval_low_seconds",
        "interval_high_seconds",
    )
    found = {name: getattr(spread, name) for name in names}
    return found if spread.n else {"n": 0, "open_count": spread.open_count}


def week_of(made: Made, seconds: int | None) -> str:
    """The ISO week of so many seconds after the detection; of the detection where that is not recorded."""
    moment = datetime.fromtimestamp(made.detected_at // SECOND + (seconds or 0), UTC)
    year, week, _ = moment.isocalendar()
    return f"{year}-W{week:02d}"


def all_row(report: Report, name: str) -> SpreadRow:
    """The row of all incidents of one of the times."""
    return next(times.rows[0] for times in report.times if times.name == name)


@pytest.mark.parametrize("seed", range(6))
def test_the_times_follow_from_the_incidents(seed: int) -> None:
    """This week's and those of the 25 weeks before, each in the week of its end, open ones beside them."""
    incidents = history(seed, 40)
    report = reported(incidents, WEEK)
    before = parse_week(WEEK).trend[:-1]
    ends = {
        "time-to-detect": (lambda made: 0, lambda made: made.started_before),
        "time-to-resolve": (lambda made: made.resolved_after, lambda made: made.resolved_after),
        "dwell-time": (
            lambda made: made.mitigated_after,
            lambda made: None if made.mitigated_after is None else made.started_before + made.mitigated_after,
        ),
        "time-to-decision": (lambda made: 0, lambda made: made.decided_after),
    }
    for name, (end, span) in ends.items():
        row = all_row(report, name)
        mine = [span(made) for made in incidents if week_of(made, end(made)) == WEEK]
        theirs = [span(made) for made in incidents if week_of(made, end(made)) in before]
        assert (spread_of(mine), spread_of(theirs)) == (told(row.week), told(row.before)), name


@pytest.mark.parametrize("seed", range(3))
def test_this_weeks_times_are_those_of_the_published_tables(seed: int) -> None:
    """Row by row, with the incidents behind each; no row of the table is left out."""
    connection = opened(history(seed, 60))
    report = report_of(connection, parse_week(WEEK))
    for times in report.times:
        if times.name not in KPIS:
            continue
        published = connection.sql(f"from kpis.{KPIS[times.name]} where week = '{WEEK}'").to_arrow_table()
        rows = {_key(row): row for row in published.to_pylist() if _key(row)}
        mine = {(row.dimension, row.label): row for row in times.rows if row.incidents}
        assert set(rows) == set(mine)
        for key, row in rows.items():
            assert {name: row[name] for name in Spread.model_fields} == mine[key].week.model_dump()
            assert tuple(row["incident_ids"]) == mine[key].incidents


def _key(row: dict[str, Any]) -> tuple[str, str] | None:
    """Dimension and value of a row of a weekly table; None for one of several dimensions."""
    names = [name for name in ("service", "severity", "environment", "incident_type") if name in row]
    set_to = [(name, row[name]) for name in names if row[name] != "all"]
    return None if len(set_to) > 1 else (set_to or [("all", "all")])[0]


@pytest.mark.parametrize("seed", range(3))
def test_shares_follow_from_the_incidents(seed: int) -> None:
    """Coverage, outcomes, approvals and reviews count each incident of the week once."""
    incidents = history(seed, 40)
    report = reported(incidents, WEEK)
    mine = sorted((made for made in incidents if week_of(made, 0) == WEEK), key=lambda made: made.incident_id)
    active = [made for made in mine if made.action == "roll_back_release"]
    counted = {
        "automated triage": [made for made in mine if made.has_context],
        "automated action": [made for made in active if made.mode == "automatic"],
        "policy-gated": [made for made in active if made.mode == "policy_gated"],
        "approval-gated": [made for made in active if made.mode == "approval_required"],
        "no active action": [made for made in mine if made not in active],
    }
    assert {label: tuple(made.incident_id for made in whose) for label, whose in counted.items()} == {
        row.label: row.incidents for row in report.coverage.rows
    }
    assert all(_share(row.week) == (len(row.incidents), len(mine)) for row in report.coverage.rows)
    outcomes = {row.label: row.week.count for row in report.outcomes.rows}
    assert len(mine) == sum(outcomes.values())
    assert sum(made.outcome is None for made in mine) == outcomes["unrecorded"]
    asked = next(row for row in report.approvals.rows if row.label == "any approval")
    assert tuple(made.incident_id for made in mine if made.mode == "approval_required") == asked.incidents
    signal = report.review.answers[0]
    by_answer = [
        tuple(made.incident_id for made in mine if made.answer is each) for each in (True, False, None)
    ]
    assert by_answer == [signal.yes, signal.no, signal.unlabelled]


def _share(share: Share) -> tuple[int, int]:
    assert (share.low, share.high) == (share_interval(share.count, share.of) or (None, None))
    return share.count, share.of


def test_every_measured_incident_is_a_point() -> None:
    """Distributions are shown whole: each incident of the trend once in each chart that has its column."""
    incidents = history(1, 40)
    report = reported(incidents, WEEK)
    trend = parse_week(WEEK).trend
    wanted = {f"{made.incident_id}": made.started_before for made in incidents if week_of(made, 0) in trend}
    for chart in report.times[0].charts:
        points = {point.label.partition(":")[0]: point.seconds for point in chart.points}
        assert (wanted, len(wanted)) == (points, len(chart.points)), chart.name


def test_a_chart_says_how_many_are_not_drawn_also_where_they_have_as_many() -> None:
    """Six of eight services are drawn; of twelve two are not in the report's table either."""
    moment = at("2026-03-03T09:00")
    for count, undrawn, notes in (
        (6, "", ()),
        (7, "1 other with not more incidents in the week is not drawn", ()),
        (8, "2 others with not more incidents in the week are not drawn", ()),
        (
            12,
            "6 others with not more incidents in the week are not drawn",
            ("2 other services with not more incidents in the week are in the table kpis.weekly_mttd only.",),
        ),
    ):
        made = [Made(f"inc-{n:02d}", moment, states=((moment, f"s-{n:02d}", 5),)) for n in range(count)]
        times = reported(made, WEEK).times[0]
        (chart,) = (each for each in times.charts if each.name == "mttd-service")
        assert (undrawn, notes) == (chart.left_out, times.notes)


def test_of_a_column_with_many_points_evenly_many_are_drawn() -> None:
    """The least and the greatest stay, so that the spread is seen whole."""
    many = [Made(f"inc-{n:04d}", at("2026-03-03T09:00"), started_before=n + 1) for n in range(400)]
    (chart,) = (each for each in reported(many, WEEK).times[0].charts if each.name == "mttd-week")
    assert "of more than 23 incidents in a column so many are drawn" in chart.left_out
    assert (23, 1, 400) == (
        len(chart.points),
        min(each.seconds for each in chart.points),
        max(each.seconds for each in chart.points),
    )


@pytest.mark.parametrize(
    ("count", "of", "interval"),
    [
        (0, 5, None),  # too few
        (0, 6, (0, 39)),
        (3, 28, (4, 27)),
        (14, 28, (33, 67)),
        (28, 28, (88, 100)),
        (1, 1000, (0, 1)),
    ],
)
def test_the_interval_of_a_share_is_wilsons(count: int, of: int, interval: tuple[int, int] | None) -> None:
    """As tables of the score interval have it; none below six."""
    assert interval == share_interval(count, of)


def changed(history: Sequence[Made], name: str) -> str:
    """The sentence on one of the times."""
    title = next(times.title for times in reported(history, WEEK).times if times.name == name)
    return next(each for each in reported(history, WEEK).changes if each.startswith(f"{title}:"))


def series(first: str, count: int, seconds: int) -> list[Made]:
    """So many incidents from that hour on, detected after about so many seconds."""
    return [
        Made(f"inc-{first}-{n}", at(first) + n * 3600 * SECOND, started_before=seconds + n)
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("week", "before", "verdict"),
    [
        (
            series("2026-03-02T01:00", 6, 900),
            series("2026-02-09T01:00", 8, 60),
            "longer than in the 25",
        ),
        (
            series("2026-03-02T01:00", 6, 60),
            series("2026-02-09T01:00", 8, 900),
            "shorter than in the 25",
        ),
        (series("2026-03-02T01:00", 6, 60), series("2026-02-09T01:00", 8, 61), "not told apart from the 25"),
        (
            series("2026-03-02T01:00", 5, 900),
            series("2026-02-09T01:00", 8, 60),
            "too few to speak of",
        ),
        (
            series("2026-03-02T01:00", 6, 900),
            series("2026-02-09T01:00", 5, 60),
            "too few to speak of",
        ),
        (series("2026-03-02T01:00", 6, 900), [], "nothing to hold it against"),
    ],
)
def test_a_change_is_said_only_where_the_intervals_do_not_meet(
    week: list[Made], before: list[Made], verdict: str
) -> None:
    """And never of fewer than six."""
    assert verdict in changed([*before, *week], "time-to-detect")


def test_a_week_without_incidents_has_a_report_that_says_so() -> None:
    """Nothing is nought that was not measured."""
    incidents = [Made("inc-1", at("2026-03-03T09:00")), Made("inc-2", at("2026-06-03T09:00"))]
    report = reported(incidents, "2026-W20")
    assert "No incident was detected this week; the week before had none." == report.changes[0]
    assert ((), ()) == (report.detected, report.incidents)
    assert all(times.rows[0].week == Spread() for times in report.times)
    assert any(each.startswith("Anything about time to detect") for each in report.unsaid)


def test_what_is_unlabelled_open_or_unrecorded_is_said() -> None:
    """A reader is told which questions the figures leave open."""
    report = reported([Made("inc-1", at("2026-03-03T09:00"), resolved_after=None, outcome=None)], WEEK)
    said = " ".join(report.unsaid)
    assert "Whether 1 decision was right: unlabelled" in said
    assert "How long 1 open incident will take" in said
    assert "How 1 incident ended: nobody recorded an outcome" in said


def _times(report: Report, name: str) -> Times:
    return next(times for times in report.times if times.name == name)


def test_the_four_types_are_always_told() -> None:
    """Also those that did not occur."""
    report = reported([Made("inc-1", at("2026-03-03T09:00"))], WEEK)
    labels = {row.label for row in _times(report, "time-to-resolve").rows}
    assert {"all", "rollout", "infrastructure", "dependency", "security"} == labels
