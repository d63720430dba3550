"""Says what late evidence changed about a week: figures as known at its end and now, and the late records."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.handoff.inert import quote
from evidence.handoff.words import (
    action_title,
    counted,
    listed,
    lower_first,
    role_words,
    source_name,
    to_second,
)
from evidence.report.model import LateIncident, Restated, Restatement
from evidence.report.reading import Read, Row
from evidence.report.sides import NOW, THEN, Figure, figures, in_report_order, nothing, sides
from evidence.report.words import MODE_LABELS
from evidence.times import format_rfc3339


def restatement(read: Read) -> Restatement:
    """Its figures are empty where nothing that arrived after the week's end changes one that is compared."""
    restated = tuple(_restated(read))
    late = {row["incident_id"]: row for row in read["late"]}
    then, now = sides(read, THEN), sides(read, NOW)
    return Restatement(
        figures=restated,
        incidents=tuple(
            LateIncident(
                incident_id=each,
                reasons=tuple(_reasons(then.get(each), now[each], late.get(each), read.week.name)),
                late_count=late[each]["late_count"] if each in late else 0,
                arrivals=_arrivals([late[each]]) if each in late else "",
                records=tuple(map(_record, late[each]["records"])) if each in late else (),
            )
            for each in sorted({each for figure in restated for each in figure.incidents})
        ),
        late_count=sum(row["late_count"] for row in late.values()),
        arrivals=_arrivals(list(late.values())),
    )


def _restated(read: Read) -> Iterator[Restated]:
    """The figures that differ, in the order of the report, each with the incidents that make it differ."""
    known, current = figures(read, THEN), figures(read, NOW)
    for key in sorted({*current, *known}, key=in_report_order):
        name = (current.get(key) or known[key]).name
        before, after = (side.get(key) or nothing(key, name) for side in (known, current))
        if before.value != after.value:
            yield Restated(
                figure=name, known=before.words, now=after.words, incidents=tuple(_causes(before, after))
            )


def _causes(before: Figure, after: Figure) -> list[str]:
    every = {**before.parts, **after.parts}
    return sorted(each for each in every if before.parts.get(each) != after.parts.get(each))


def _reasons(then: Row | None, now: Row, late: Row | None, week: str) -> Iterator[str]:
    """Why one incident counts otherwise, each a sentence."""
    if then is None:
        if late and late["is_all_late"]:
            yield "Nothing of it had arrived when the week ended."
        else:
            yield "It did not count in this week when the week ended."
        return
    yield from _moved(then, now, week)
    if week not in (now["week"], now["mitigation_week"], now["resolution_week"]):
        return
    for what in ("service", "severity", "environment"):
        if then[what] != now[what]:
            yield f"Its {what} was {quote(then[what])}, and is {quote(now[what])}."
    if not then["first_signal_name"] and now["first_signal_name"]:
        yield "No signal of it had arrived."
    if _decided(then) != _decided(now):
        yield f"Its decision was {_decided(then)}, and is {_decided(now)}."
    elif late:
        yield "Records of it came late; its decision stays what it was."
    if then["has_minimum_context"] != now["has_minimum_context"]:
        yield f"Its minimum context {'became' if now['has_minimum_context'] else 'is no longer'} complete."
    if then["outcome"] != now["outcome"]:
        yield f"Its outcome was {quote(then['outcome'])}, and is {quote(now['outcome'])}."


def _moved(then: Row, now: Row, week: str) -> Iterator[str]:
    """The times that came after the week's end, and the week in which it now counts for them."""
    for column, what, where in (
        ("detected_at", "detected", "week"),
        ("mitigated_at", "mitigated", "mitigation_week"),
        ("resolved_at", "resolved", "resolution_week"),
    ):
        if then[where] == week and now[where] != week and now[column] is not None:
            moment = to_second(format_rfc3339(now[column]))
            yield f"It was {what} after the week's end, at {moment}, and counts in {now[where]} for that."


def _decided(row: Row) -> str:
    """The decision in words: the action, whether it is an active one, its mode and who is asked."""
    if row["action"] is None:
        return "none"
    kind = MODE_LABELS.get(row["mode"], row["mode"]) if row["is_active"] else "no active action"
    asked = listed([quote(role_words(role)) for role in row["approvers"]])
    return f"{quote(lower_first(action_title(row['action'])))} ({kind}{f', asking {asked}' if asked else ''})"


def _arrivals(rows: list[Row]) -> str:
    """How many records came late, of which tools, and when they were known: a part of a sentence."""
    if not rows:
        return ""
    tools = listed([source_name(each) for each in sorted({each for row in rows for each in row["sources"]})])
    count = counted(sum(row["late_count"] for row in rows), "record")
    first, last = (
        to_second(format_rfc3339(moment))
        for moment in (min(row["first_late_at"] for row in rows), max(row["last_late_at"] for row in rows))
    )
    when = f"at {first}" if first == last else f"from {first} to {last}"
    return f"{count} of {tools}, known {when}"


def _record(row: Row) -> str:
    happened, known = (to_second(format_rfc3339(row[column])) for column in ("event_time", "known_at"))
    name = f" {quote(row['name'], 80)}" if row["name"] else ""
    return (
        f"{source_name(row['source'])}{name} of {happened}, known only at {known}: record "
        f"{row['ordinal']:,} of {quote(row['path'], 160)}."
    )
