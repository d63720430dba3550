"""Owns the replay of detections: rules over recorded records, and what that says of rules and incidents."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evidence.detections.detecting import detect_and_survey
from evidence.detections.levels import Level
from evidence.detections.rules import NS_PER_SECOND, Correlation, Heading, Rule, RuleSet, RuleWarning
from evidence.detections.units import intake_units
from evidence.errors import InputError
from evidence.times import format_rfc3339
from simulator.detections.incidents import Alert, incident_result
from simulator.detections.model import (
    SECURITY,
    Detection,
    Duplicates,
    HistoryKind,
    HistoryRead,
    Hit,
    IncidentResult,
    Noise,
    RuleResult,
    Warned,
)
from simulator.detections.recorded import EVENTS, RECORDS, Recorded
from simulator.detections.silence import why_silent
from simulator.record_anchors import anchor_of_hit
from simulator.refused_records import refused_records

_TECHNIQUE = re.compile(r"attack\.(t[0-9]{4}(?:\.[0-9]{3})?)", re.IGNORECASE)
_NS_PER_DAY = 86_400 * NS_PER_SECOND
REFUSED_LISTED_MAX = 1000
_REFUSED = "status = 'quarantined'"
_NOT_TOLD = ("not_told", "the history has no intake.quarantine, which says why")

Row = Mapping[str, Any]
Place = tuple[str, str, int]
"""Where a record lies: incident, path, ordinal."""


@dataclass(frozen=True)
class _Found:
    """All hits as rows of HITS, with what is asked of them over and over."""

    rules: Mapping[str, Rule | Correlation]
    hits: Sequence[Row]
    grave: frozenset[str]  # ids of the rules that catch
    noisy: frozenset[str]  # ids of the incidents that are not of type security


def replay(rules: RuleSet, recorded: Recorded, rules_path: str, level: Level) -> Detection:
    """What the rules catch in the history. Raises InputError where none of them reports."""
    reporting = _reporting(rules)
    if not reporting:
        raise InputError(
            f"{rules_path}: no rule in it reports by itself", remedy="Name the whole folder of rules"
        )
    found_hits, survey = detect_and_survey(rules, intake_units(recorded.connection, rules))
    hits = found_hits.to_pylist()
    grave = frozenset(id for id, rule in reporting.items() if is_grave(rule.heading.level, level))
    noisy = frozenset(each.id for each in recorded.incidents if each.type not in (SECURITY, None))
    found = _Found(reporting, hits, grave, noisy)
    history = _history(recorded, survey.unit_count)
    incidents = tuple(_incidents(recorded, found))
    fired = {hit["rule_id"] for hit in hits}
    return Detection(
        rules_path=rules_path,
        warnings=tuple(_warned(each) for each in rules.warnings),
        level=level,
        history=history,
        incidents_caught=tuple(each.incident_id for each in incidents if each.is_caught),
        incidents_missed=tuple(each.incident_id for each in incidents if _is_missed(each)),
        rules=tuple(_rules(found)),
        incidents=incidents,
        noise=None if recorded.kind is HistoryKind.EXPORTS else _noise(found, history.day_count),
        never_fired=why_silent(rules, set(reporting) - fired, survey),
        duplicates=tuple(_duplicates(found)),
        hits=tuple(_hit(hit) for hit in hits),
    )


def _warned(warning: RuleWarning) -> Warned:
    place = warning.place
    return Warned(
        file=str(place.path),
        line=place.line,
        column=place.column,
        field=place.field,
        what=warning.what,
        remedy=warning.remedy,
    )


def is_grave(written: str, level: Level) -> bool:
    """Whether a rule of that written level counts; one that states none counts as medium."""
    return Level.of(written).rank >= level.rank


def _reporting(rules: RuleSet) -> dict[str, Rule | Correlation]:
    every: list[Rule | Correlation] = [*rules.rules, *rules.correlations]
    return {each.heading.id: each for each in every if each.is_output}


def _is_missed(incident: IncidentResult) -> bool:
    return not incident.is_caught and incident.type in (SECURITY, None)


def _history(recorded: Recorded, seen_count: int) -> HistoryRead:
    counts = f"count(*), count(*) filter (status = 'duplicate'), count(*) filter ({_REFUSED})"
    query = f"select count(distinct (incident_id, path)), {counts} from {RECORDS}"
    files, records, duplicates, refused = recorded.connection.execute(query).fetchall()[0]
    days = f"count(distinct event_time // {_NS_PER_DAY})"
    query = f"select min(event_time), max(event_time), {days} from {EVENTS}"
    first, last, day_count = recorded.connection.execute(query).fetchall()[0]
    return HistoryRead(
        kind=recorded.kind,
        path=str(recorded.path),
        incident_count=len(recorded.incidents),
        file_count=files,
        record_count=records,
        duplicate_count=duplicates,
        refused_count=refused,
        seen_count=seen_count,
        first_at=None if first is None else format_rfc3339(first),
        last_at=None if last is None else format_rfc3339(last),
        day_count=day_count,
        refused_files=recorded.refused_files,
        refused=tuple(refused_records(recorded.connection, _REFUSED, REFUSED_LISTED_MAX, _NOT_TOLD)),
    )


def _incidents(recorded: Recorded, found: _Found) -> Iterable[IncidentResult]:
    hits: dict[str, list[Row]] = defaultdict(list)
    for hit in found.hits:
        hits[hit["incident_id"]].append(hit)
    first = _first_times(found.hits)
    for incident in recorded.incidents:
        own = hits[incident.id]
        if not own and incident.id in found.noisy:
            continue
        alerts = [
            Alert(hit["rule_id"], hit["event_time"], hit["known_at"])
            for hit in own
            if hit["rule_id"] in found.grave
        ]
        hit_by = sorted({hit["rule_id"] for hit in own})
        yield incident_result(incident, first.get(incident.id), alerts, hit_by)


def _first_times(hits: Sequence[Row]) -> Mapping[str, int]:
    """Per incident the time of the earliest record that any of its hits names."""
    first: dict[str, int] = {}
    for hit in hits:
        earliest = min(one["event_time"] for one in hit["records"])
        first[hit["incident_id"]] = min(earliest, first.get(hit["incident_id"], earliest))
    return first


def _rules(found: _Found) -> Iterable[RuleResult]:
    hits: dict[str, list[Row]] = defaultdict(list)
    for hit in found.hits:
        hits[hit["rule_id"]].append(hit)
    for rule in sorted(found.rules.values(), key=lambda rule: (rule.heading.title, rule.heading.id)):
        yield _rule(rule.heading, hits[rule.heading.id], found)


def _rule(heading: Heading, hits: Sequence[Row], found: _Found) -> RuleResult:
    techniques = {match[1].upper() for tag in heading.tags if (match := _TECHNIQUE.fullmatch(tag))}
    return RuleResult(
        id=heading.id,
        title=heading.title,
        level=heading.level,
        tags=heading.tags,
        techniques=tuple(sorted(techniques)),
        file=str(heading.place.path),
        line=heading.place.line,
        hit_count=len(hits),
        record_count=len(_places(hits)),
        noise_count=sum(hit["incident_id"] in found.noisy for hit in hits),
        incident_ids=tuple(sorted({hit["incident_id"] for hit in hits})),
    )


def _places(hits: Iterable[Row]) -> frozenset[Place]:
    return frozenset(
        (hit["incident_id"], one["path"], one["ordinal"]) for hit in hits for one in hit["records"]
    )


def _noise(found: _Found, day_count: int) -> Noise:
    hits = [hit for hit in found.hits if hit["incident_id"] in found.noisy]
    alert_count = sum(hit["rule_id"] in found.grave for hit in hits)
    return Noise(
        hit_count=len(hits),
        alert_count=alert_count,
        incident_ids=tuple(sorted({hit["incident_id"] for hit in hits})),
        alerts_per_day=per_day(alert_count, day_count),
    )


def per_day(count: int, day_count: int) -> str:
    """A count per day with two decimals, half up; 0.00 where there is no day."""
    hundredths = (200 * count + day_count) // (2 * day_count) if day_count else 0
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def _duplicates(found: _Found) -> Iterable[Duplicates]:
    by_rule: dict[str, list[Row]] = defaultdict(list)
    for hit in found.hits:
        by_rule[hit["rule_id"]].append(hit)
    groups: dict[frozenset[Place], list[str]] = defaultdict(list)
    for rule_id in sorted(by_rule):
        groups[_places(by_rule[rule_id])].append(rule_id)
    for places, rule_ids in groups.items():
        if len(rule_ids) > 1:
            titles = tuple(found.rules[each].heading.title for each in rule_ids)
            yield Duplicates(rule_ids=tuple(rule_ids), titles=titles, record_count=len(places))


def _hit(hit: Row) -> Hit:
    return Hit(
        rule_id=hit["rule_id"],
        incident_id=hit["incident_id"],
        event_at=format_rfc3339(hit["event_time"]),
        known_at=format_rfc3339(hit["known_at"]),
        group=hit["group"],
        records=tuple(anchor_of_hit(one) for one in hit["records"]),
    )
