"""Tells how whole the evidence of a week's incidents is: records refused, known gaps, missing context."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from evidence.handoff.words import role_words, source_name
from evidence.report.figures import by_week, share
from evidence.report.model import Gap, Quality
from evidence.report.reading import Read, Row


def quality(read: Read) -> Quality:
    """Records by their fate, and what is lacking."""
    week, _ = by_week(read, "recommended")
    sums = {
        name: sum(row[name] for row in read["files"])
        for name in ("record_count", "evidence_count", "duplicate_count", "quarantined_count")
    }
    return Quality(
        complete=share(sum(bool(row["has_minimum_context"]) for row in week), len(week)),
        gaps=_gaps((_gap_words(row), row["incident_id"], row["gap_count"]) for row in read["gaps"]),
        quarantine=_gaps((role_words(row["reason"]), row["incident_id"], 1) for row in read["quarantine"]),
        missing=_gaps((role_words(row["field"]), row["incident_id"], 1) for row in read["missing"]),
        **sums,
    )


def _gap_words(row: Row) -> str:
    gap = role_words(row["gap"])
    return f"{source_name(row['source'])}: {gap}" if row["source"] else gap


def _gaps(rows: Iterable[tuple[str, str, int]]) -> tuple[Gap, ...]:
    counts: Counter[str] = Counter()
    whose: dict[str, set[str]] = {}
    for what, incident_id, count in rows:
        counts[what] += count
        whose.setdefault(what, set()).add(incident_id)
    return tuple(
        Gap(what=what, count=counts[what], incidents=tuple(sorted(whose[what]))) for what in sorted(counts)
    )
