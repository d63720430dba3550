"""Draws two charts as SVG: changes by class, and the time to decision of each changed incident."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from evidence.handoff.page import page_environment
from evidence.handoff.words import counted
from evidence.redaction import shown
from simulator.comparison.model import Change, ChangeClass, ChangeKind, Comparison
from simulator.comparison.rendering.change_words import by_gravity
from simulator.comparison.rendering.cleaning import cleaned
from simulator.comparison.rendering.wording import shift_words

TEMPLATES = Path(__file__).parent / "templates"

WIDTH = 380  # of a telephone; wider screens scale it up
LABEL_WIDTH, COUNT_WIDTH = 150, 40
BAR_STEP = 24
DOT_STEP, DOT_ROWS_MAX = 36, 24
MARGIN = 10
# Seconds at which the axis of times has a tick, as far as it reaches, and what stands there.
TICKS = (
    (0, "0"),
    (10, "10 s"),
    (60, "1 min"),
    (600, "10 min"),
    (3_600, "1 h"),
    (21_600, "6 h"),
    (86_400, "1 d"),
    (604_800, "7 d"),
    (2_592_000, "30 d"),
)


@dataclass(frozen=True, slots=True)
class Bar:
    """One class and how many incidents it names; lengths in units of the drawing."""

    label: str
    style: str
    count: int
    top: int
    length: float


@dataclass(frozen=True, slots=True)
class Bars:
    """Changes by class."""

    title: str
    height: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Dots:
    """The time to decision of one incident under both bundles."""

    label: str
    style: str
    shift: str
    top: int
    old: float
    new: float


@dataclass(frozen=True, slots=True)
class Times:
    """Time to decision per changed incident, on an axis that grows like a logarithm."""

    title: str
    height: int
    rows: tuple[Dots, ...]
    ticks: tuple[tuple[str, float], ...]
    left_out: str


def chart_svg(comparison: Comparison) -> str:
    """Both charts one below the other, as a file of its own, light or dark as its reader's screen."""
    shown_comparison = cleaned(comparison)
    bars, times = bars_of(shown_comparison), times_of(shown_comparison)
    template = environment().get_template("chart.svg.j2")
    return template.render(bars=bars, times=times, width=WIDTH, style=Markup(chart_style())) + "\n"


@cache
def environment() -> Environment:
    """The templates of this folder; every value is escaped, every missing one an error."""
    return page_environment(TEMPLATES)


@cache
def chart_style() -> str:
    """The style sheet of the charts, in a page or by themselves."""
    return (TEMPLATES / "chart.css").read_text(encoding="utf-8")


def bars_of(comparison: Comparison) -> Bars:
    """One bar a class that occurs, gravest first; then what changes no decision."""
    summary = comparison.summary
    counts = [
        (each.value, each.value, summary.classes[each.value])
        for each in ChangeClass
        if summary.classes.get(each.value) and each is not ChangeClass.COSMETIC
    ]
    counts += [
        ("another path", "path", summary.path_count),
        ("cosmetic", "cosmetic", summary.cosmetic_count or 0),
    ]
    counts = [entry for entry in counts if entry[2]]
    most = max((count for _, _, count in counts), default=1)
    room = WIDTH - LABEL_WIDTH - COUNT_WIDTH
    bars = tuple(
        Bar(label, style, count, place * BAR_STEP, round(max(2.0, count * room / most), 1))
        for place, (label, style, count) in enumerate(counts)
    )
    title = f"{summary.decision_count} of {counted(summary.incident_count, 'decision')} changed, by class"
    return Bars(title, max(1, len(bars)) * BAR_STEP, bars)


def times_of(comparison: Comparison) -> Times | None:
    """The changed decisions that have times; where they are many, those that move furthest. None: no such."""
    timed = [
        (change, old, new)
        for change in by_gravity(comparison.changed, ChangeKind.DECISION)
        if (old := change.baseline.time_to_decision_seconds) is not None
        and (new := change.candidate.time_to_decision_seconds) is not None
    ]
    if not timed:
        return None
    kept = _furthest(timed)
    longest = max(60, *(max(old, new) for _, old, new in kept))
    rows = tuple(_dots(place, *entry, longest) for place, entry in enumerate(kept))
    left_out = f"{len(kept)} of {len(timed)}: those that move furthest" if len(kept) < len(timed) else ""
    ticks = tuple((text, _place(tick, longest)) for tick, text in TICKS if tick <= longest)
    return Times("Time from the first signal to the decision", len(rows) * DOT_STEP, rows, ticks, left_out)


def _furthest(timed: Sequence[tuple[Change, int, int]]) -> list[tuple[Change, int, int]]:
    """At most so many as there is room for, in their order."""
    ranked = sorted(range(len(timed)), key=lambda at: (-abs(timed[at][2] - timed[at][1]), at))
    return [timed[at] for at in sorted(ranked[:DOT_ROWS_MAX])]


def _dots(place: int, change: Change, old: int, new: int, longest: int) -> Dots:
    style = change.change_class.value if change.change_class else "path"
    shift = shift_words(new - old) if new != old else "same time"
    label = shown(change.incident_id, 36)
    return Dots(label, style, shift, place * DOT_STEP, _place(old, longest), _place(new, longest))


def _place(seconds: int, longest: int) -> float:
    """Units from the left: proportional to log(1 + seconds), so that minutes show beside hours."""
    share = math.log1p(max(0, seconds)) / math.log1p(longest)
    return round(MARGIN + share * (WIDTH - 2 * MARGIN), 1)
