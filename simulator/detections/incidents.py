"""Owns what the hits say of one incident: caught or not, how soon, and how much earlier than recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evidence.times import format_rfc3339, whole_seconds
from simulator.detections.model import IncidentResult
from simulator.detections.recorded import RecordedIncident


@dataclass(frozen=True)
class Alert:
    """A hit of a rule that catches; times in ns UTC."""

    rule_id: str
    event_time: int
    known_at: int


def incident_result(
    incident: RecordedIncident, first_at: int | None, alerts: Sequence[Alert], hit_by: Sequence[str]
) -> IncidentResult:
    """The incident with its times; `first_at` is the earliest record that a hit names, in ns UTC.

    The first alert in event time and the first that could be raised may be two hits.
    """
    event = min((alert.event_time for alert in alerts), default=None)
    known = min((alert.known_at for alert in alerts), default=None)
    return IncidentResult(
        incident_id=incident.id,
        title=incident.title,
        type=incident.type,
        is_caught=bool(alerts),
        caught_by=tuple(sorted({alert.rule_id for alert in alerts})),
        hit_by=tuple(hit_by),
        first_event_at=_at(first_at),
        detected_event_at=_at(event),
        detected_known_at=_at(known),
        seconds_in_event_time=_between(first_at, event),
        seconds_in_arrival_time=_between(first_at, known),
        recorded_detected_at=_at(incident.detected_at),
        seconds_earlier=_between(known, incident.detected_at),
    )


def _at(moment: int | None) -> str | None:
    return None if moment is None else format_rfc3339(moment)


def _between(start: int | None, end: int | None) -> int | None:
    return None if start is None or end is None else whole_seconds(end - start)
