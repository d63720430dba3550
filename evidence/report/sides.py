"""Owns a week's figures on one side: as known by its end (`then`), or as the tables have them (`now`).

Both sides are counted by the same rules, and each figure keeps what every incident adds to it, so that a
figure that differs leads to the incidents that made the difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from evidence.handoff.words import role_words, source_name
from evidence.redaction import shown
from evidence.report.figures import ALL, LABEL_MAX, spread
from evidence.report.handling import COVERAGE, OUTCOMES
from evidence.report.model import Spread
from evidence.report.reading import DECISIONS, SPREADS, Read, Row
from evidence.report.words import MODE_LABELS, STALLS, spread_words

Side = Literal["then", "now"]
THEN: Side = "then"
NOW: Side = "now"
_TIMES = {
    "kpis.weekly_mttd": "time to detect",
    "kpis.weekly_mttr": "time to resolve",
    "kpis.weekly_dwell_time": "dwell time",
    DECISIONS: "time to decision",
}
_DIMENSIONS = {
    "kpis.weekly_mttd": (ALL, "service", "severity", "environment"),
    "kpis.weekly_mttr": (ALL, "incident_type"),
    "kpis.weekly_dwell_time": (ALL, "incident_type"),
    DECISIONS: (ALL, "mode"),
}
_RECORDS = (
    ("records", "record_count"),
    ("evidence", "evidence_count"),
    ("duplicates", "duplicate_count"),
    ("quarantined", "quarantined_count"),
)


@dataclass(slots=True)
class Figure:
    """One figure: its name as people read it, its value, and what each incident adds to it."""

    name: str
    value: Spread | int = 0
    parts: dict[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """As the report says it."""
        return spread_words(self.value) if isinstance(self.value, Spread) else f"{self.value:,}"


def sides(read: Read, side: Side) -> dict[str, Row]:
    """What is known on that side of each incident that counts in the week on either, by its id."""
    return {row["incident_id"]: row for row in read["sides"] if row["side"] == side}


Key = tuple[str, ...]


def figures(read: Read, side: Side) -> dict[Key, Figure]:
    """The figures by what they are of."""
    found = dict(_times(read, side))
    for name, incident_id, amount in _counts(read, side):
        figure = found.setdefault((name,), Figure(name))
        assert isinstance(figure.value, int)
        figure.value += amount
        figure.parts[incident_id] = figure.parts.get(incident_id, 0) + amount
    return found


def in_report_order(key: Key) -> tuple[int, int, int, str]:
    """Where the figure stands: as in the report's sections, so that those of one thing stand together."""
    if key[0] in _TIMES:
        kpi, dimension, label = key
        return (list(_TIMES).index(kpi), _DIMENSIONS[kpi].index(dimension), 0, label)
    (name,) = key
    section = next(place for place, head in enumerate(_HEADS) if name.startswith(head))
    fixed = _fixed()
    return (len(_TIMES) + section, fixed.index(name) if name in fixed else len(fixed), 0, name)


_HEADS = (
    "coverage, ",
    "outcomes, ",
    "approval load, ",
    "stalled where ",
    "data quality, ",
    "known gap, ",
    "quarantined because, ",
    "missing minimum context, ",
)


@cache
def _fixed() -> list[str]:
    """Names of counts that have an order of their own; others are ordered by name."""
    return [
        *(name for name, _ in _handled()),
        *(f"outcomes, {shown(role_words(each), LABEL_MAX)}" for each in OUTCOMES),
        "approval load, any approval",
        *(f"stalled where {words}" for words in STALLS.values()),
        *(f"data quality, {label}" for label, _ in _RECORDS),
    ]


def nothing(key: Key, name: str) -> Figure:
    """The figure where nothing is counted for it."""
    return Figure(name, Spread() if key[0] in _TIMES else 0)


# --- times


def _times(read: Read, side: Side) -> Iterator[tuple[Key, Figure]]:
    scope = "known" if side == THEN else "week"
    spans = {
        (row["kpi"], row["incident_id"]): (row["standing"], row["span_ns"])
        for row in read["spans"]
        if row["scope"] == scope
    }
    rows: dict[tuple[str, str, str], Row] = {
        (row["kpi"], row["dimension"], row["label"]): row for row in _cells(read, side, scope)
    }
    for kpi, what in _TIMES.items():
        for key in sorted((key for key in rows if key[0] == kpi), key=_by_dimension):
            row, (_, dimension, label) = rows[key], key
            name = what if dimension == ALL else f"{what}, {shown(MODE_LABELS.get(label, label), LABEL_MAX)}"
            parts = {each: spans.get((kpi, each)) for each in row["incident_ids"]}
            yield key, Figure(name, spread(row), parts)


def _cells(read: Read, side: Side, scope: str) -> Iterator[Row]:
    for row in read["figures"]:
        is_published = side == NOW and row["kpi"] in SPREADS
        if row["scope"] == scope and not is_published and row["dimension"] in _DIMENSIONS[row["kpi"]]:
            yield row
    if side == NOW:
        yield from (row for row in read["published"] if row["week"] == read.week.name)


def _by_dimension(key: tuple[str, str, str]) -> tuple[int, str]:
    kpi, dimension, label = key
    return _DIMENSIONS[kpi].index(dimension), label


# --- counts


def _counts(read: Read, side: Side) -> Iterator[tuple[str, str, int]]:
    """What each incident adds to which figure. It is counted in the week in which it was detected."""
    rows = [
        row
        for row in sides(read, side).values()
        if row["week"] == read.week.name and not row["is_record_only"]
    ]
    for name, is_such in _handled():
        yield from ((name, row["incident_id"], 1) for row in rows if is_such(row))
    for row in rows:
        yield f"outcomes, {shown(role_words(row['outcome']), LABEL_MAX)}", row["incident_id"], 1
    yield from _approvals(rows)
    yield from _stalls(read, rows)
    yield from _quality(read, side, rows)


def _handled() -> Iterator[tuple[str, Any]]:
    yield "coverage, incidents", lambda row: True
    for label, _, is_such in COVERAGE:
        yield f"coverage, {label}", is_such


def _approvals(rows: list[Row]) -> Iterator[tuple[str, str, int]]:
    for row in rows:
        if row["mode"] == "approval_required":
            yield "approval load, any approval", row["incident_id"], 1
    for role in sorted({role for row in rows for role in row["approvers"]}):
        name = f"approval load, {shown(role_words(role), LABEL_MAX)}"
        yield from ((name, row["incident_id"], 1) for row in rows if role in row["approvers"])


def _stalls(read: Read, rows: list[Row]) -> Iterator[tuple[str, str, int]]:
    """As far as it can be said of the incident on both sides."""
    untold = {each for each, row in sides(read, THEN).items() if row["stalled_at"] is None}
    for row in rows:
        if row["stalled_at"] in STALLS and row["incident_id"] not in untold:
            yield f"stalled where {STALLS[row['stalled_at']]}", row["incident_id"], 1


def _quality(read: Read, side: Side, rows: list[Row]) -> Iterator[tuple[str, str, int]]:
    for label, column in _RECORDS:
        for row in of_side(read, "records", side):
            yield f"data quality, {label}", row["incident_id"], row[column]
    for row in of_side(read, "gaps", side):
        yield f"known gap, {gap_words(row)}", row["incident_id"], row["gap_count"]
    for row in of_side(read, "quarantine", side):
        yield f"quarantined because, {role_words(row['reason'])}", row["incident_id"], 1
    for row in rows:
        for name in row["missing_context"]:
            yield f"missing minimum context, {role_words(name)}", row["incident_id"], 1


def of_side(read: Read, name: str, side: Side) -> list[Mapping[str, Any]]:
    """The rows of the query on that side."""
    return [row for row in read[name] if row["side"] == side]


def gap_words(row: Row) -> str:
    """What is lacking, and of which tool."""
    gap = role_words(row["gap"])
    return f"{source_name(row['source'])}: {gap}" if row["source"] else gap
