"""Says what late evidence changed about a week: figures as known at its end and now, and the late records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evidence.handoff.inert import quote
from evidence.handoff.words import source_name, to_second
from evidence.redaction import shown
from evidence.report.figures import LABEL_MAX, spread
from evidence.report.model import LateIncident, Restated, Restatement, Spread
from evidence.report.reading import SPREADS, Read, Row
from evidence.report.words import MODE_LABELS, spread_words
from evidence.times import format_rfc3339

RECORDS_MAX = 5
_TIMES = {
    "kpis.weekly_mttd": "time to detect",
    "kpis.weekly_mttr": "time to resolve",
    "kpis.weekly_dwell_time": "dwell time",
}
_COUNTS = (
    ("incidents", lambda row: True),
    ("automated triage", lambda row: row["has_minimum_context"]),
    ("automatic", lambda row: row["is_active"] and row["mode"] == "automatic"),
    ("policy-gated", lambda row: row["is_active"] and row["mode"] == "policy_gated"),
    ("approval required", lambda row: row["is_active"] and row["mode"] == "approval_required"),
    ("no active action", lambda row: not row["is_active"]),
)


def restatement(read: Read) -> Restatement:
    """Both are empty where nothing that arrived after the week's end changes a figure of it."""
    figures = (*_times(read), *_coverage(read))
    late = (
        {row["incident_id"]: _records(read, row["incident_id"]) for row in read["restated"]}
        if figures
        else {}
    )
    return Restatement(
        figures=figures,
        incidents=tuple(
            LateIncident(
                incident_id=row["incident_id"],
                reasons=tuple(_reasons(row, read.week.name)),
                late_count=row["late_count"],
                records=late[row["incident_id"]],
            )
            for row in read["restated"]
            if late
        ),
    )


def _times(read: Read) -> Iterator[Restated]:
    known = {
        (row["kpi"], row["dimension"], row["label"]): row
        for row in read["figures"]
        if row["scope"] == "known"
    }
    now = {
        (row["kpi"], row["dimension"], row["label"]): row
        for row in read["published"]
        if row["week"] == read.week.name
    }
    for key in sorted(known | now):
        kpi, dimension, label = key
        if kpi not in SPREADS or not _is_published(kpi, dimension):
            continue
        before, after = (spread(rows[key]) if key in rows else Spread() for rows in (known, now))
        if before != after:
            what = _TIMES[kpi] if dimension == "all" else f"{_TIMES[kpi]}, {shown(label, LABEL_MAX)}"
            yield Restated(figure=what, known=spread_words(before), now=spread_words(after))


def _is_published(kpi: str, dimension: str) -> bool:
    """The times to detect are published by place, the others by type."""
    if dimension == "all":
        return True
    is_place = dimension in ("service", "severity", "environment")
    return is_place if kpi == "kpis.weekly_mttd" else dimension == "incident_type"


def _coverage(read: Read) -> Iterator[Restated]:
    now = [row for row in read["recommended"] if row["week"] == read.week.name]
    for what, is_such in _COUNTS:
        before, after = (sum(1 for row in rows if is_such(row)) for rows in (read["known_coverage"], now))
        if before != after:
            yield Restated(figure=f"coverage, {what}", known=f"{before:,}", now=f"{after:,}")


def _reasons(row: Row, week: str) -> Iterator[str]:
    """Why one incident counts otherwise, each a sentence."""
    if not row["is_known"]:
        if row["is_all_late"]:
            yield "Nothing of it had arrived when the week ended."
        else:
            yield "It did not count in this week when the week ended."
        return
    for what in ("service", "severity", "environment"):
        if row["is_counted"] and row[f"known_{what}"] != row[what]:
            yield f"Its {what} was {quote(row[f'known_{what}'])}, and is {quote(row[what])}."
    yield from _moved(row, week)
    if row["is_counted"] and (row["known_is_active"], row["known_mode"]) != (row["is_active"], row["mode"]):
        yield (
            f"Its decision was {_decided(row['known_is_active'], row['known_mode'])}, and is "
            f"{_decided(row['is_active'], row['mode'])}."
        )
    if row["is_counted"] and row["known_has_minimum_context"] != row["has_minimum_context"]:
        yield f"Its minimum context {'became' if row['has_minimum_context'] else 'is no longer'} complete."


def _moved(row: Row, week: str) -> Iterator[str]:
    """The times that came after the week's end, and the week in which it now counts for them."""
    for column, what, where in (
        ("detected_at", "detected", "week"),
        ("mitigated_at", "mitigated", "mitigation_week"),
        ("resolved_at", "resolved", "resolution_week"),
    ):
        if row[f"known_{where}"] == week and row[where] != week and row[column] is not None:
            moment = to_second(format_rfc3339(row[column]))
            yield f"It was {what} after the week's end, at {moment}, and counts in {row[where]} for that."


def _decided(is_active: bool | None, mode: str | None) -> str:
    if mode is None:
        return "none"
    return f"an active action, {MODE_LABELS.get(mode, mode)}" if is_active else "no active action"


def _records(read: Read, incident_id: str) -> tuple[str, ...]:
    """The first late records of the incident, in order of arrival."""
    mine: Sequence[Row] = [row for row in read["late"] if row["incident_id"] == incident_id]
    return tuple(_record(row) for row in mine[:RECORDS_MAX])


def _record(row: Row) -> str:
    happened, known = (to_second(format_rfc3339(row[column])) for column in ("event_time", "known_at"))
    name = f" {quote(row['name'], 80)}" if row["name"] else ""
    return (
        f"{source_name(row['source'])}{name} of {happened}, known only at {known}: record "
        f"{row['ordinal']:,} of {quote(row['path'], 160)}."
    )
