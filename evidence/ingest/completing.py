"""Owns what several rows of one incident say together: what one leaves open another may tell.

The same whatever the order, so that it does not matter which file is ingested first. What is known is never
erased by a row that does not tell it. Where two rows differ, begins are the earliest told, ends the latest
and the severity the gravest: no incident looks smaller than any row says, and it is flagged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evidence.times import format_rfc3339

BEGINS = ("started_at", "detected_at", "acknowledged_at")
ENDS = ("mitigated_at", "resolved_at")
TIMES = BEGINS + ENDS
TEXTS = ("title", "service", "environment", "incident_type")
UNKNOWN_SEVERITY = "unknown_severity"
_GRAVITY = ("informational", "low", "medium", "high", "critical", "fatal")
_CONFLICTING = "conflicting_"


def completed(known: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """One row of both: every field that either tells, and the flags that then hold."""
    both = {
        **{name: _chosen(name, known[name], row[name]) for name in (*TIMES, *TEXTS, "severity")},
        "digest": known["digest"],
    }
    told = {*known["flags"], *row["flags"]}
    kept = {flag for flag in told if flag.startswith(_CONFLICTING)}
    kept |= {f"{_CONFLICTING}{_word(name)}" for name in _differing(known, row)}
    if both["severity"] is None:
        kept |= told & {UNKNOWN_SEVERITY}
    return finished(both, kept)


def finished(row: Mapping[str, Any], kept: set[str]) -> dict[str, Any]:
    """The row with its id and flags; `kept` are those that its times do not tell."""
    first = min(row[name] for name in TIMES if row[name] is not None)
    record_id = f"rec-{format_rfc3339(first)[:10]}-{row['digest']}"
    return {**row, "record_id": record_id, "flags": sorted({*kept, *_flags(row)})}


def digest_of(record_id: str) -> str:
    """The part of an id that tells incidents apart; the day before it moves with an earlier time."""
    return record_id.rpartition("-")[2]


def _chosen(name: str, first: Any, second: Any) -> Any:
    told = [each for each in (first, second) if each is not None]
    if not told:
        return None
    if name == "severity":
        return max(told, key=_GRAVITY.index)
    return max(told) if name in ENDS else min(told)


def _differing(known: Mapping[str, Any], row: Mapping[str, Any]) -> Iterator[str]:
    for name in (*TIMES, *TEXTS, "severity"):
        # A title is often written anew while an incident goes on; which one is kept matters to nobody.
        if name != "title" and None not in (known[name], row[name]) and known[name] != row[name]:
            yield name


def _word(name: str) -> str:
    words = {"started_at": "begin", "detected_at": "notification", "acknowledged_at": "acknowledgement"}
    return words.get(name, "end" if name in ENDS else name)


def _flags(row: Mapping[str, Any]) -> Iterator[str]:
    started, detected = row["started_at"], row["detected_at"]
    ended = row["mitigated_at"] if row["mitigated_at"] is not None else row["resolved_at"]
    if started is None:
        yield "missing_begin"
    if detected is None:
        yield "missing_notification"
    if ended is None:
        yield "missing_end"
    if started is not None and detected is not None and detected < started:
        yield "notified_before_begin"
    if started is not None and ended is not None and ended < started:
        yield "ended_before_begin"
