"""Owns the hits of two sets of detections on one recording, and which of them only one side has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, TypeAlias

import duckdb

from evidence.detections.levels import Level
from evidence.detections.rules import RuleSet
from evidence.detections.signalling import Detections
from evidence.enrichment.rule_hits import find_hits
from simulator.bundles.rule_differences import RuleDifference, rule_differences
from simulator.comparison.detection_model import RuleEdit
from simulator.histories.history import INCIDENTS, History

Row: TypeAlias = Mapping[str, Any]
Key: TypeAlias = tuple[Any, ...]  # what makes two hits the same, whichever rule of a side has them


@dataclass(frozen=True)
class SideHits:
    """Hits of one side, in total order; `signals` are ids of the rules whose hits are signals."""

    hits: tuple[Row, ...]
    signals: frozenset[str]

    @property
    def signal_hits(self) -> list[Row]:
        """The hits that are signals."""
        return [hit for hit in self.hits if hit["rule_id"] in self.signals]


@dataclass(frozen=True)
class RuleHits:
    """The hits of one rule that differs, by key, on either side."""

    difference: RuleDifference
    old: Mapping[Key, Row]
    new: Mapping[Key, Row]

    @property
    def signals(self) -> tuple[Mapping[Key, Row], Mapping[Key, Row]]:
        """Those that are signals."""
        return (
            self.old if self.difference.was_signal else {},
            self.new if self.difference.is_signal else {},
        )

    @property
    def is_restated(self) -> bool:
        """Whether something else is said of a signal that both sides have."""
        old, new = self.difference.old, self.difference.new
        if old is None or new is None:
            return False
        said = [(each.title, each.level.lower(), sorted(each.tags)) for each in (old.heading, new.heading)]
        return said[0] != said[1]


@dataclass(frozen=True)
class BothHits:
    """All hits of both sides, and those of each rule that differs."""

    old: SideHits
    new: SideHits
    rules: tuple[RuleHits, ...]


def hits_of_both(history: History, old: Detections | None, new: Detections | None) -> BothHits:
    """The hits of all rules that report, known by the moment as of which the history is seen.

    A rule that both sides have alike is evaluated once. The history's recording must be at hand.
    """
    differences = rule_differences(old, new)
    assert history.recording is not None, "the sights of both sides have been looked for"
    with closing(history.recording.connect()) as connection:
        connection.execute(files("evidence.enrichment").joinpath("macros.sql").read_text()).fetchall()
        before = _hits(connection, old.rules if old else None)
        edited = [
            each for each in differences if each.edit is not RuleEdit.REWORDED or len(set(each.ids)) > 1
        ]
        gone = {rule_id for each in edited if (rule_id := each.ids[0])}
        came = {rule_id for each in edited if (rule_id := each.ids[1])}
        now = [hit for hit in before if hit["rule_id"] not in gone]
        now += _hits(connection, new.rules.only(came) if new and came else None)
    known = _incidents_known(history)
    sides = tuple(
        SideHits(tuple(_seen(hits, known, history.as_of)), _signalling(detections))
        for hits, detections in ((before, old), (now, new))
    )
    return BothHits(sides[0], sides[1], tuple(_rule_hits(each, sides[0], sides[1]) for each in differences))


def key_of(hit: Row) -> Key:
    """Incident, times, group and records: what is left when the rule's name is taken away."""
    records = tuple((each["path"], each["ordinal"], each["entry"]) for each in hit["records"])
    return hit["incident_id"], hit["known_at"], hit["event_time"], hit["group"], records


def _hits(connection: duckdb.DuckDBPyConnection, rules: RuleSet | None) -> list[Row]:
    """Hits of whatever level, in what enrichment looks at: what responders did is no part of any."""
    found = None if rules is None else Detections(rules, Level.INFORMATIONAL)
    hits: list[Row] = find_hits(connection, found).to_pylist()
    return hits


def _signalling(detections: Detections | None) -> frozenset[str]:
    return frozenset(each.id for each in detections.signalling.reporting()) if detections else frozenset()


def _incidents_known(history: History) -> frozenset[str]:
    rows = history.connection.execute(f"select incident_id from {INCIDENTS}").fetchall()
    return frozenset(row[0] for row in rows)


def _seen(hits: Iterable[Row], known: frozenset[str], as_of: int | None) -> Sequence[Row]:
    """What a history as of a moment shows, ordered by rule, incident, time and records."""
    seen = [
        hit for hit in hits if hit["incident_id"] in known and (as_of is None or hit["known_at"] <= as_of)
    ]
    return sorted(seen, key=lambda hit: (hit["rule_id"], key_of(hit)))


def _rule_hits(difference: RuleDifference, old: SideHits, new: SideHits) -> RuleHits:
    before, now = difference.ids
    return RuleHits(
        difference,
        {key_of(hit): hit for hit in old.hits if hit["rule_id"] == before},
        {key_of(hit): hit for hit in new.hits if hit["rule_id"] == now},
    )
