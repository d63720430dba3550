"""Owns sights: the states of a history as one set of detections shows them, built anew where they are others.

The states that a history holds were built with one set of rules. Signals are all that another set changes in
what states are made from, and states depend on signals in so many ways that nothing less than building them
anew is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import pyarrow as pa

from evidence import enrichment
from evidence.decision import Bundle
from evidence.errors import InputError
from simulator.histories.history import INCIDENTS, STATES, History

SUPPORTS = "enrichment.state_evidence"
_NEEDED = (
    "name --incidents, a --warehouse that `evidence run` has filled, or a --history folder with the tables"
)


@dataclass(frozen=True, slots=True)
class Sight:
    """Relations of the history's connection: the states, and the evidence behind them where it is at hand."""

    states: str = STATES
    supports: str = SUPPORTS


def sights_of(history: History, bundles: Sequence[Bundle]) -> list[Sight]:
    """What each bundle sees of the history, in the order given; nothing is built that is there already.

    Raises InputError where bundles have different detections, and the records to find their hits in are not
    at hand. Where nobody knows which rules the states at hand were built with, one set of rules is taken to
    be it.
    """
    by_digest = {_digest(bundle): bundle for bundle in bundles}
    if history.recording is None:
        if len(by_digest) > 1:
            raise _unseen()
        return [Sight()] * len(bundles)
    seen = {digest: _sight(history, bundle) for digest, bundle in by_digest.items()}
    return [seen[_digest(bundle)] for bundle in bundles]


def are_as_stored(history: History, bundles: Sequence[Bundle]) -> bool:
    """Whether all of them see STATES as it is."""
    built_with = history.recording.built_with if history.recording else None
    return history.recording is None or {_digest(bundle) for bundle in bundles} == {built_with}


def as_seen_by(history: History, bundle: Bundle) -> History:
    """The same history where STATES and the evidence behind them are what the bundle sees."""
    (sight,) = sights_of(history, [bundle])
    if sight == Sight() or history.recording is None:
        return history
    for name, relation in ((STATES, sight.states), (SUPPORTS, sight.supports)):
        _execute(history, f"create or replace view {name} as from {relation}")
    return replace(history, recording=replace(history.recording, built_with=_digest(bundle)))


def _digest(bundle: Bundle) -> str:
    return bundle.detections.digest if bundle.detections else ""


def _unseen() -> InputError:
    return InputError(
        "the two sides have different detections, and this history holds no raw records for them to hit",
        remedy=f"To compare rules, {_NEEDED} intake.raw_records, intake.evidence_events, intake.incidents, "
        "intake.services, intake.dependencies and quality.completeness",
    )


def _sight(history: History, bundle: Bundle) -> Sight:
    recording, digest = history.recording, _digest(bundle)
    assert recording is not None, "sights_of has looked"
    if digest == recording.built_with:
        return Sight()
    suffix = digest[:16] or "no_rules"
    sight = Sight(f"{STATES}_{suffix}", f"{SUPPORTS}_{suffix}")
    if not _is_there(history, sight.states):
        with closing(recording.connect()) as connection:
            tables = enrichment.build(connection, recording.settings, bundle.grading, bundle.detections)
        _show(history, sight.supports, tables[SUPPORTS], "")
        _show(history, sight.states, tables[STATES], _cut(history))
    return sight


def _cut(history: History) -> str:
    """Which of the whole states a history as of a moment shows."""
    if history.as_of is None:
        return ""
    return f" semi join {INCIDENTS} using (incident_id) where known_at <= {history.as_of}"


def _is_there(history: History, name: str) -> bool:
    bare = name.partition(".")[2]
    found = history.connection.execute("select 1 from duckdb_views() where view_name = ?", [bare]).fetchall()
    return bool(found)


def _show(history: History, name: str, table: pa.Table, which: str) -> None:
    schema, _, bare = name.partition(".")
    history.connection.register(f"arrow_{bare}", table)
    _execute(history, f"create schema if not exists {schema}")
    _execute(history, f"create view {name} as from arrow_{bare}{which}")


def _execute(history: History, sql: str) -> None:
    history.connection.execute(sql).fetchall()
