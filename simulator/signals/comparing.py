"""Puts together what a comparison says of detections: rules, incidents, catches and noise of both sides."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evidence.decision import Bundle
from evidence.detections.rules import Heading
from evidence.detections.signalling import Detections
from simulator.bundles.rule_differences import Detection, rule_differences
from simulator.comparison.detection_model import (
    DetectionComparison,
    IncidentSignals,
    NoiseChange,
    Outcome,
    RuleChange,
    RuleSetRef,
    RuleVersion,
)
from simulator.detections.replay import per_day
from simulator.histories.history import History
from simulator.histories.recordings import EVENTS
from simulator.signals.incident_signals import RecordedIncident, SignalsTold, level_of, recorded_incidents
from simulator.signals.side_hits import BothHits, Row, RuleHits, SideHits, hits_of_both

_NS_PER_DAY = 86_400 * 1_000_000_000


@dataclass(frozen=True)
class SignalChanges:
    """What differs between the detections of two bundles on one history, before it is told."""

    bundles: tuple[Bundle, Bundle]
    both: BothHits
    incidents: tuple[RecordedIncident, ...]
    told: SignalsTold
    day_count: int

    def moved_rules(self, incident_id: str) -> list[RuleHits]:
        """Rules by which signals of the incident differ in time for its decision, by clause."""
        (incident,) = (each for each in self.incidents if each.id == incident_id)
        return self.told.moved_rules(incident)


def signal_changes(history: History, bundles: tuple[Bundle, Bundle]) -> SignalChanges | None:
    """The hits of both sides on the history's recording; None where no rule differs.

    None also where rules differ in nothing that makes a signal, and there are no records to see more by.
    """
    old, new = (bundle.detections for bundle in bundles)
    if _are_one_load(old, new) or not rule_differences(old, new) or history.recording is None:
        return None
    both = hits_of_both(history, old, new)
    days = f"select count(distinct event_time // {_NS_PER_DAY}) from {EVENTS}"
    return SignalChanges(
        bundles,
        both,
        recorded_incidents(history),
        SignalsTold(both, (_titles(old), _titles(new))),
        history.connection.execute(days).fetchall()[0][0],
    )


def _are_one_load(old: Detections | None, new: Detections | None) -> bool:
    """Whether the rules were loaded once for both, as versions that name the same folder are."""
    if old is None or new is None:
        return old is new
    return old.rules is new.rules and old.from_level is new.from_level


def _titles(detections: Detections | None) -> Mapping[str, str]:
    headings = detections.rules.reporting() if detections else ()
    return {heading.id: heading.title for heading in headings}


def detection_comparison(
    changes: SignalChanges,
    references: tuple[str, str],
    outcomes: Mapping[str, Outcome],
    listed_max: int,
    unattributed: str,
) -> DetectionComparison:
    """All that is said. `outcomes` are kinds of change by incident; of many the gravest are listed."""
    noisy = frozenset(each.id for each in changes.incidents if not each.may_be_attack)
    attacks = [each.id for each in changes.incidents if each.may_be_attack]
    caught = {incident_id: changes.told.is_caught(incident_id) for incident_id in attacks}
    old, new = (bundle.detections for bundle in changes.bundles)
    return DetectionComparison(
        baseline=_rule_set(references[0], old),
        candidate=_rule_set(references[1], new),
        rules=tuple(_rule_changes(changes, noisy)),
        caught_count=(sum(was for was, _ in caught.values()), sum(is_ for _, is_ in caught.values())),
        security_count=len(attacks),
        incidents_gained=tuple(each for each, (was, is_) in caught.items() if is_ and not was),
        incidents_lost=tuple(each for each, (was, is_) in caught.items() if was and not is_),
        changed_count=len(changes.told.incident_ids),
        incidents=tuple(_incidents(changes, outcomes, listed_max)),
        noise=_noise(changes, noisy),
        unattributed=unattributed,
    )


def _rule_set(reference: str, detections: Detections | None) -> RuleSetRef:
    return RuleSetRef(
        reference=reference,
        from_level=detections.from_level if detections else None,
        digest=detections.digest if detections else None,
        rule_count=len(detections.rules.reporting()) if detections else 0,
        signal_rule_count=len(detections.signalling.reporting()) if detections else 0,
    )


def _rule_changes(changes: SignalChanges, noisy: frozenset[str]) -> Iterator[RuleChange]:
    folders = [_common_folder(bundle.detections) for bundle in changes.bundles]
    for each in changes.both.rules:
        found, (old, new) = each.difference, (each.old, each.new)
        signals = each.signals
        moved = {key[0] for key in old.keys() ^ new.keys()} | {
            key[0] for key in signals[0].keys() ^ signals[1].keys()
        }
        if each.is_restated:
            moved |= {key[0] for key in old.keys() & new.keys()}
        yield RuleChange(
            clause=found.clause,
            edit=found.edit,
            old=_version(found.old, folders[0], found.was_signal, old.values(), noisy),
            new=_version(found.new, folders[1], found.is_signal, new.values(), noisy),
            what=found.what,
            gained_count=len(new.keys() - old.keys()),
            lost_count=len(old.keys() - new.keys()),
            incident_ids=tuple(sorted(moved)),
        )


def _version(
    version: Detection | None, folder: str, is_signal: bool, hits: Collection[Row], noisy: frozenset[str]
) -> RuleVersion | None:
    if version is None:
        return None
    heading = version.heading
    return RuleVersion(
        rule_id=heading.id,
        title=heading.title,
        level=level_of(version),
        file=_file(heading, folder),
        line=heading.place.line,
        is_signal=is_signal,
        hit_count=len(hits),
        noise_count=sum(hit["incident_id"] in noisy for hit in hits),
    )


def _common_folder(detections: Detections | None) -> str:
    """The folder that all rules of a set lie in or below: where a commit was written out says nothing."""
    headings = detections.rules.headings().values() if detections else ()
    folders = {str(heading.place.path.absolute().parent) for heading in headings}
    return os.path.commonpath(sorted(folders)) if folders else "."


def _file(heading: Heading, folder: str) -> str:
    return heading.place.path.absolute().relative_to(Path(folder)).as_posix()


def _incidents(
    changes: SignalChanges, outcomes: Mapping[str, Outcome], listed_max: int
) -> list[IncidentSignals]:
    by_id = {each.id: each for each in changes.incidents}
    order: tuple[Outcome | None, ...] = ("decision", "path", "cosmetic", None)
    gravest = sorted(
        changes.told.incident_ids,
        key=lambda each: (
            not _is_turned(*changes.told.is_caught(each)),
            order.index(outcomes.get(each)),
            each,
        ),
    )[: listed_max or None]
    return [changes.told.told(by_id[each], outcomes.get(each)) for each in sorted(gravest)]


def _is_turned(was: bool, is_: bool) -> bool:
    return was is not is_


def _noise(changes: SignalChanges, noisy: frozenset[str]) -> NoiseChange:
    counts = [(_count(side.hits, noisy), _count(side.signal_hits, noisy)) for side in _sides(changes)]
    (old_hits, old_signals), (new_hits, new_signals) = counts
    days = changes.day_count
    return NoiseChange(
        day_count=days,
        old_hit_count=old_hits,
        new_hit_count=new_hits,
        old_signal_count=old_signals,
        new_signal_count=new_signals,
        old_hits_per_day=per_day(old_hits, days),
        new_hits_per_day=per_day(new_hits, days),
        old_signals_per_day=per_day(old_signals, days),
        new_signals_per_day=per_day(new_signals, days),
    )


def _sides(changes: SignalChanges) -> tuple[SideHits, SideHits]:
    return changes.both.old, changes.both.new


def _count(hits: Sequence[Row], noisy: frozenset[str]) -> int:
    return sum(hit["incident_id"] in noisy for hit in hits)
