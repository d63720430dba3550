"""Owns what the signals of two sides say of one incident: what comes and goes, and when it is caught."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evidence.times import format_rfc3339, whole_seconds
from simulator.bundles.rule_differences import Detection
from simulator.comparison.detection_model import (
    Caught,
    IncidentSignals,
    Outcome,
    RestatedSignal,
    Signal,
)
from simulator.detections.model import SECURITY
from simulator.histories.history import INCIDENTS, History
from simulator.record_anchors import anchor_of_hit
from simulator.signals.side_hits import BothHits, Key, Row, RuleHits


@dataclass(frozen=True, slots=True)
class RecordedIncident:
    """What people recorded; times in ns UTC, `type` None where nobody has said."""

    id: str
    title: str
    type: str | None
    detected_at: int | None
    horizon_at: int  # up to when a decision can be made

    @property
    def may_be_attack(self) -> bool:
        """Whether it would be a miss if no rule caught it."""
        return self.type in (SECURITY, None)


def recorded_incidents(history: History) -> tuple[RecordedIncident, ...]:
    """All incidents of the history, by id."""
    rows = history.connection.execute(f"""
select incident_id, title, incident_type, detected_at, least(action_taken_at, mitigated_at, window_end)
from {INCIDENTS}
order by incident_id""").fetchall()
    return tuple(RecordedIncident(*row) for row in rows)


class SignalsTold:
    """Tells of incidents; hits are sorted into them once."""

    def __init__(self, both: BothHits, titles: tuple[Mapping[str, str], Mapping[str, str]]) -> None:
        self.titles = titles
        self.signals = tuple(_by_incident(side.signal_hits) for side in (both.old, both.new))
        self.gained: dict[str, list[tuple[RuleHits, Row]]] = defaultdict(list)
        self.lost: dict[str, list[tuple[RuleHits, Row]]] = defaultdict(list)
        self.restated: dict[str, list[tuple[RuleHits, Row]]] = defaultdict(list)
        for rule in both.rules:
            old, new = rule.signals
            _sort_in(self.gained, rule, new, new.keys() - old.keys())
            _sort_in(self.lost, rule, old, old.keys() - new.keys())
            if rule.is_restated:
                _sort_in(self.restated, rule, old, old.keys() & new.keys())

    @property
    def incident_ids(self) -> list[str]:
        """Incidents whose signals differ, by id."""
        return sorted({*self.gained, *self.lost, *self.restated})

    def moved_rules(self, incident: RecordedIncident) -> list[RuleHits]:
        """Rules by which signals of the incident differ that were known by its horizon, by clause."""
        told = (self.gained, self.lost, self.restated)
        moved = {
            rule.difference.clause: rule
            for each in told
            for rule, hit in each.get(incident.id, ())
            if hit["known_at"] <= incident.horizon_at
        }
        return [moved[clause] for clause in sorted(moved)]

    def moved(self, incident_id: str, clause: str) -> list[Row]:
        """The hits of one rule that make its signals in the incident differ, by time known."""
        told = (self.gained, self.lost, self.restated)
        found = [
            (rule, hit)
            for each in told
            for rule, hit in each.get(incident_id, ())
            if rule.difference.clause == clause
        ]
        return [hit for _, hit in _in_order(found)]

    def is_caught(self, incident_id: str) -> tuple[bool, bool]:
        """Whether either side has any signal in it."""
        return incident_id in self.signals[0], incident_id in self.signals[1]

    def told(self, incident: RecordedIncident, outcome: Outcome | None) -> IncidentSignals:
        """All of it, in order of the moments at which signals are known."""
        own = [side.get(incident.id, []) for side in self.signals]
        old, new = (_caught(hits, self.titles[side], incident) for side, hits in enumerate(own))
        return IncidentSignals(
            incident_id=incident.id,
            title=incident.title,
            type=incident.type,
            gained=tuple(_signals(self.gained.get(incident.id, ()), incident, is_new=True)),
            lost=tuple(_signals(self.lost.get(incident.id, ()), incident, is_new=False)),
            restated=tuple(_restated(self.restated.get(incident.id, ()), incident)),
            old=old,
            new=new,
            recorded_detected_at=_at(incident.detected_at),
            event_time_shift_seconds=_shift(own, "event_time"),
            arrival_time_shift_seconds=_shift(own, "known_at"),
            outcome=outcome,
        )


def _by_incident(hits: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for hit in hits:
        found[hit["incident_id"]].append(hit)
    return dict(found)


def _sort_in(
    into: dict[str, list[tuple[RuleHits, Row]]], rule: RuleHits, hits: Mapping[Key, Row], keys: Iterable[Key]
) -> None:
    for key in sorted(keys):
        into[hits[key]["incident_id"]].append((rule, hits[key]))


def _in_order(found: Iterable[tuple[RuleHits, Row]]) -> list[tuple[RuleHits, Row]]:
    return sorted(
        found, key=lambda each: (each[1]["known_at"], each[1]["event_time"], each[0].difference.clause)
    )


def _signals(
    found: Iterable[tuple[RuleHits, Row]], incident: RecordedIncident, *, is_new: bool
) -> Iterator[Signal]:
    for rule, hit in _in_order(found):
        version = rule.difference.new if is_new else rule.difference.old
        assert version is not None, "whoever has the hit has the rule"
        yield Signal(
            clause=rule.difference.clause,
            title=version.heading.title,
            level=level_of(version),
            event_at=format_rfc3339(hit["event_time"]),
            known_at=format_rfc3339(hit["known_at"]),
            is_in_time=hit["known_at"] <= incident.horizon_at,
            records=tuple(anchor_of_hit(each) for each in hit["records"]),
        )


def _restated(found: Iterable[tuple[RuleHits, Row]], incident: RecordedIncident) -> Iterator[RestatedSignal]:
    for rule, hit in _in_order(found):
        old, new = rule.difference.old, rule.difference.new
        assert old is not None and new is not None, "both sides have the hit"
        yield RestatedSignal(
            clause=rule.difference.clause,
            old_title=old.heading.title,
            new_title=new.heading.title,
            old_level=level_of(old),
            new_level=level_of(new),
            known_at=format_rfc3339(hit["known_at"]),
            is_in_time=hit["known_at"] <= incident.horizon_at,
            records=tuple(anchor_of_hit(each) for each in hit["records"]),
        )


def level_of(version: Detection) -> str:
    """The level as it is written, in small letters; empty where none is."""
    return version.heading.level.lower()


def _caught(hits: Sequence[Row], titles: Mapping[str, str], incident: RecordedIncident) -> Caught:
    event = min((hit["event_time"] for hit in hits), default=None)
    known = min((hit["known_at"] for hit in hits), default=None)
    return Caught(
        is_caught=bool(hits),
        caught_by=tuple(sorted({titles[hit["rule_id"]] for hit in hits})),
        detected_event_at=_at(event),
        detected_known_at=_at(known),
        seconds_earlier=_between(known, incident.detected_at),
    )


def _shift(own: Sequence[Sequence[Row]], name: str) -> int | None:
    before, now = (min((hit[name] for hit in hits), default=None) for hits in own)
    return _between(before, now)


def _between(start: int | None, end: int | None) -> int | None:
    return None if start is None or end is None else whole_seconds(end - start)


def _at(moment: int | None) -> str | None:
    return None if moment is None else format_rfc3339(moment)
