"""Tells how whole the evidence of a week's incidents is: records refused, known gaps, missing context."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from evidence.handoff.words import role_words
from evidence.report.figures import by_week, share
from evidence.report.model import Gap, Quality
from evidence.report.reading import Read
from evidence.report.sides import NOW, gap_words, of_side


def quality(read: Read) -> Quality:
    """Records by their fate, and what is lacking."""
    week, _ = by_week(read, "recommended")
    sums = {
        name: sum(row[name] for row in of_side(read, "records", NOW))
        for name in ("record_count", "evidence_count", "duplicate_count", "quarantined_count")
    }
    gaps, refused = (of_side(read, name, NOW) for name in ("gaps", "quarantine"))
    return Quality(
        complete=share(sum(bool(row["has_minimum_context"]) for row in week), len(week)),
        gaps=_gaps((gap_words(row), row["incident_id"], row["gap_count"]) for row in gaps),
        quarantine=_gaps((role_words(row["reason"]), row["incident_id"], 1) for row in refused),
        missing=_gaps(_missing(read)),
        **sums,
    )


def _missing(read: Read) -> Iterator[tuple[str, str, int]]:
    for row in of_side(read, "sides", NOW):
        if row["week"] == read.week.name and not row["is_record_only"]:
            yield from ((role_words(field), row["incident_id"], 1) for field in row["missing_context"])


def _gaps(rows: Iterable[tuple[str, str, int]]) -> tuple[Gap, ...]:
    counts: Counter[str] = Counter()
    whose: dict[str, set[str]] = {}
    for what, incident_id, count in rows:
        counts[what] += count
        whose.setdefault(what, set()).add(incident_id)
    return tuple(
        Gap(what=what, count=counts[what], incidents=tuple(sorted(whose[what]))) for what in sorted(counts)
    )
