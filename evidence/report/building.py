"""Builds the report of one week from what was read: its figures, and then the sentences on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from evidence.handoff.words import listed
from evidence.report.figures import (
    by_week,
    others_with_not_more,
    spread_rows,
    strip,
    strip_by_week,
    unnamed_count,
)
from evidence.report.handling import approvals, coverage, outcomes
from evidence.report.incidents import handoff_urls, incidents
from evidence.report.model import Report, Times
from evidence.report.reading import DECISIONS, Read
from evidence.report.restating import restatement
from evidence.report.reviewing import LESSONS_MAX, lesson, review, stalls
from evidence.report.summary import changes, unsaid
from evidence.report.wholeness import quality
from evidence.report.words import MODE_LABELS, TYPES
from evidence.times import format_rfc3339


def build(read: Read) -> Report:
    """The report. Its figures are those of the tables; its sentences follow from them."""
    report = _unworded(read)
    return report.model_copy(update={"changes": changes(report), "unsaid": unsaid(report)})


def _unworded(read: Read) -> Report:
    week, urls, ends = read.week, handoff_urls(read), read["records_end"][0]["known_at"]
    detected, earlier = by_week(read, "recommended")
    trend = week.trend
    return Report(
        week=week.name,
        monday=week.monday.isoformat(),
        sunday=week.sunday.isoformat(),
        cut=format_rfc3339(week.cut),
        records_end=None if ends is None else format_rfc3339(ends),
        standing=_standing(read, ends),
        playbook=listed([row["playbook"] for row in read["playbooks"]]),
        trend=trend,
        detected=tuple(row["incident_id"] for row in detected),
        last_week_count=sum(row["week"] == trend[-2] for row in earlier),
        times=(_detection(read, urls), _resolution(read, urls), _dwell(read, urls), _decision(read, urls)),
        coverage=coverage(read),
        outcomes=outcomes(read),
        approvals=approvals(read),
        review=review(read),
        stalls=stalls(read),
        lessons=tuple(lesson(row) for row in read["lessons"][:LESSONS_MAX]),
        quality=quality(read),
        restatement=restatement(read),
        incidents=incidents(read),
    )


def _standing(read: Read, ends: int | None) -> Literal["over", "running", "ahead"]:
    """Whether the records reach the week's end; it is ahead of them where they do not reach its begin."""
    if ends is None or ends >= read.week.cut:
        return "over"
    return "running" if ends >= read.week.before(1).cut or read["incidents"] else "ahead"


def _detection(read: Read, urls: Mapping[str, str]) -> Times:
    kpi, dimensions = "kpis.weekly_mttd", ("service", "severity", "environment")
    rows = spread_rows(read, kpi, dimensions)
    more = unnamed_count(read, kpi, "service")
    charts = [
        strip(read, f"mttd-{each}", f"Time to detect by {each}", kpi, each, rows, urls) for each in dimensions
    ]
    return Times(
        name="time-to-detect",
        title="Time to detect",
        meaning="From the start of the harm to its detection, in the week of detection.",
        table=kpi,
        rows=rows,
        charts=(strip_by_week(read, "mttd-week", "Time to detect by week", kpi, urls), *charts),
        notes=(f"{others_with_not_more(more, 'other service')} in the table {kpi} only.",) if more else (),
    )


def _resolution(read: Read, urls: Mapping[str, str]) -> Times:
    kpi = "kpis.weekly_mttr"
    rows = spread_rows(read, kpi, ("incident_type",), [("incident_type", each) for each in TYPES])
    return Times(
        name="time-to-resolve",
        title="Time to resolve",
        meaning="From detection to resolution, in the week of resolution; by the type settled on later.",
        table=kpi,
        rows=rows,
        charts=(
            strip_by_week(read, "mttr-week", "Time to resolve by week", kpi, urls),
            strip(read, "mttr-type", "Time to resolve by type", kpi, "incident_type", rows, urls),
        ),
    )


def _dwell(read: Read, urls: Mapping[str, str]) -> Times:
    kpi = "kpis.weekly_dwell_time"
    rows = spread_rows(read, kpi, ("incident_type",), [("incident_type", each) for each in TYPES])
    return Times(
        name="dwell-time",
        title="Dwell time",
        meaning="From the start of the harm to its mitigation, in the week of mitigation.",
        table=kpi,
        rows=rows,
        charts=(
            strip_by_week(read, "dwell-week", "Dwell time by week", kpi, urls),
            strip(read, "dwell-type", "Dwell time by type", kpi, "incident_type", rows, urls),
        ),
    )


def _decision(read: Read, urls: Mapping[str, str]) -> Times:
    rows = spread_rows(read, DECISIONS, ("mode",))
    named = tuple(row.model_copy(update={"label": MODE_LABELS.get(row.label, row.label)}) for row in rows)
    return Times(
        name="time-to-decision",
        title="Time to decision",
        meaning="From the arrival of the first signal to the decision of record of the active playbook, in "
        "the week of detection. Open: no signal had arrived.",
        table=DECISIONS,
        rows=named,
        charts=(strip_by_week(read, "decision-week", "Time to decision by week", DECISIONS, urls),),
    )
