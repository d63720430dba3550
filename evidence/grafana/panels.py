"""Owns what the dashboard shows, from top to bottom: rows of panels, each over one query."""

from __future__ import annotations

from dataclasses import dataclass

POINTS, BARS, TABLE, TEXT = "points", "bars", "table", "text"
_POINT = "A point is one measured incident."
_MEDIAN = (
    " The line is the published median of all incidents of the week, drawn only where there are at least six."
)
_PUBLISHED = " As published: computed once, not here. Click a week for its incidents."
_WHOLE_WEEK = " Whole weeks: the choices of service, severity, environment and type above do not apply."
_CHOSEN = " Incidents in the time range, as chosen above."


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel. `query` names a file of `panels/`; `width` of 24, `height` in rows of the grid."""

    title: str
    kind: str
    query: str
    description: str
    width: int
    height: int = 9


@dataclass(frozen=True, slots=True)
class Section:
    """A row of the dashboard, that can be folded, and the panels below it."""

    title: str
    panels: tuple[Panel, ...]


def _time(title: str, measure: str, what: str) -> Section:
    return Section(
        title,
        (
            Panel(f"{title}: incidents", POINTS, f"points_{measure}", f"{what} {_POINT}{_MEDIAN}", 12, 11),
            Panel(f"{title}: figures", TABLE, f"figures_{measure}", f"{what}{_PUBLISHED}", 12, 11),
        ),
    )


SECTIONS = (
    Section(
        "What these figures are",
        (
            Panel("How to read this", TEXT, "", "", 12, 12),
            Panel("Whole history", TABLE, "overall", "As published, for all of the history.", 12, 12),
        ),
    ),
    _time("Time to detect", "time_to_detect", "From start to detection, in the week of detection."),
    _time("Time to resolve", "time_to_resolve", "From detection to resolution, in the week of resolution."),
    _time("Dwell time", "dwell_time", "From start to mitigation, in the week of mitigation."),
    Section(
        "Automation coverage and outcomes",
        (
            Panel(
                "Coverage by week",
                BARS,
                "coverage",
                f"What the playbook permits; nothing is executed.{_WHOLE_WEEK}",
                12,
            ),
            Panel("Outcomes by week", BARS, "outcomes", f"As recorded.{_WHOLE_WEEK}", 12),
            Panel("Coverage in figures", TABLE, "triage", f"Counts of incidents.{_WHOLE_WEEK}", 24),
        ),
    ),
    Section(
        "Decisions",
        (
            Panel(
                "Time to decision",
                POINTS,
                "points_time_to_decision",
                f"From the first signal to the decision of record of the active playbook. {_POINT}",
                12,
            ),
            Panel("Approval load", TABLE, "approval_load", f"How often who would be asked.{_CHOSEN}", 12),
        ),
    ),
    Section(
        "Quality review",
        (
            Panel("The four questions", TABLE, "review_answers", f"n counts answers.{_CHOSEN}", 24, 7),
            Panel(
                "Reviews by incident", TABLE, "reviews", f"Unlabelled: nobody has answered.{_CHOSEN}", 24, 10
            ),
        ),
    ),
    Section(
        "Learning",
        (Panel("What each incident teaches", TABLE, "learning", _CHOSEN.strip(), 24, 10),),
    ),
    Section(
        "Data quality",
        (
            Panel("What is lacking", TABLE, "gap_counts", f"n counts incidents decided.{_CHOSEN}", 12, 10),
            Panel("Gaps by incident", TABLE, "gaps", _CHOSEN.strip(), 12, 10),
        ),
    ),
    Section(
        "Incidents",
        (
            Panel(
                "Incidents and their links",
                TABLE,
                "incidents",
                "As chosen above; an incident named there, alone. An empty cell: no link is known.",
                24,
                14,
            ),
        ),
    ),
)
