"""Owns hybrids of signals: incidents as they would be seen if only some of the rules had been edited.

Every hybrid of an incident is enriched as an incident of its own, `<number>#<incident>`, so that one run of
enrichment and kernel serves thousands of them: planning the statements costs more than running them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import duckdb
import pyarrow as pa

from evidence import enrichment
from evidence.decision import Bundle
from evidence.decision.matrix import Mode
from evidence.detections.detecting import HITS
from evidence.detections.levels import Level
from evidence.detections.rules import RuleSet
from evidence.detections.signalling import Detections
from evidence.tables import open_memory, register
from simulator.attribution.key_decisions import Decided
from simulator.bundles.clauses import Clause, hybrid
from simulator.histories.history import INCIDENTS, STATES, History
from simulator.histories.recordings import EVENTS, Recording
from simulator.replays.replay import replay_history
from simulator.signals.comparing import SignalChanges
from simulator.signals.side_hits import Row, RuleHits

HYBRIDS_MAX = 4096  # incidents that are enriched at a time
COMPLETENESS = "quality.completeness"
_WANTED = pa.schema([("tag", pa.string()), ("incident_id", pa.string())])

Taken: TypeAlias = frozenset[str]  # ids of clauses, those of rules among them


@dataclass
class SignalHybrids:
    """Decides incidents by hybrids; what was decided once is kept. `others` are clauses that are no rules."""

    history: History
    changes: SignalChanges
    others: Mapping[str, Clause]
    _decided: dict[tuple[str, Taken], Decided] = field(default_factory=dict)
    _old: dict[str, list[Row]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for hit in self.changes.both.old.signal_hits:
            self._old.setdefault(hit["incident_id"], []).append(hit)

    def decided(self, incident: str, taken: Taken) -> Decided:
        """The decision of record of the incident under the hybrid with these clauses."""
        if (incident, taken) not in self._decided:
            self.ask([(incident, taken)])
        return self._decided[incident, taken]

    def ask(self, wanted: Iterable[tuple[str, Taken]]) -> None:
        """Decide all of these together, as far as not done yet."""
        missing = sorted(
            {each for each in wanted if each not in self._decided},
            key=lambda each: (each[0], sorted(each[1])),
        )
        for start in range(0, len(missing), HYBRIDS_MAX):
            self._ask(missing[start : start + HYBRIDS_MAX])

    def _ask(self, wanted: Sequence[tuple[str, Taken]]) -> None:
        others = frozenset(self.others)
        parts = [(incident, taken - others, taken & others) for incident, taken in wanted]
        seen = list(dict.fromkeys((incident, rules) for incident, rules, _ in parts))
        tags = {each: f"{number}#{each[0]}" for number, each in enumerate(seen)}
        mixes = list(dict.fromkeys(mix for _, _, mix in parts))
        bundles = [self._bundle(mix) for mix in mixes]
        rows = self._replayed({tag: each for each, tag in tags.items()}, bundles)
        for (incident, rules, mix), asked in zip(parts, wanted, strict=True):
            self._decided[asked] = rows[mixes.index(mix), tags[incident, rules]]

    def _bundle(self, others: Taken) -> Bundle:
        return hybrid(*self.changes.bundles, [self.others[each] for each in sorted(others)])

    def _replayed(
        self, tagged: Mapping[str, tuple[str, Taken]], bundles: Sequence[Bundle]
    ) -> dict[tuple[int, str], Decided]:
        """Per place of a bundle and tag the decision of record."""
        recording = self.history.recording
        assert recording is not None, "rules are compared on a recording"
        incidents = {tag: incident for tag, (incident, _) in tagged.items()}
        states = _states(recording, incidents, self._rules(), self._hits_of(tagged), bundles[0])
        with closing(open_memory()) as connection:
            register(connection, {STATES: _cut(states, self.history.as_of)})
            register(connection, {INCIDENTS: _tagged(self.history.connection, INCIDENTS, incidents)})
            decisions = replay_history(connection, bundles, with_recommendations=False).decisions
        return {(row["bundle"], row["incident_id"]): _decided(row) for row in decisions.to_pylist()}

    def _rules(self) -> Detections:
        """What signals of either side say; rules are named by their side, for an edited one has one id."""
        both = [
            replace(rule, heading=replace(rule.heading, id=f"{side}:{rule.heading.id}"))
            for side, bundle in enumerate(self.changes.bundles)
            for rule in (bundle.detections.rules.rules if bundle.detections else ())
        ]
        correlations = [
            replace(each, heading=replace(each.heading, id=f"{side}:{each.heading.id}"), references=())
            for side, bundle in enumerate(self.changes.bundles)
            for each in (bundle.detections.rules.correlations if bundle.detections else ())
        ]
        return Detections(RuleSet(tuple(both), tuple(correlations)), Level.INFORMATIONAL)

    def _hits_of(self, tagged: Mapping[str, tuple[str, Taken]]) -> pa.Table:
        """The signals of every hybrid: of rules that are taken the candidate's, else the baseline's."""
        moved = {each.difference.clause: each for each in self.changes.both.rules}
        rows = [
            {**hit, "rule_id": rule_id, "incident_id": tag}
            for tag, (incident, taken) in tagged.items()
            for rule_id, hit in self._hits(incident, [moved[clause] for clause in sorted(taken)])
        ]
        return pa.Table.from_pylist(rows, schema=HITS)

    def _hits(self, incident: str, taken: Sequence[RuleHits]) -> Iterator[tuple[str, Row]]:
        gone = {each.difference.ids[0] for each in taken}
        for hit in self._old.get(incident, ()):
            if hit["rule_id"] not in gone:
                yield f"0:{hit['rule_id']}", hit
        for each in taken:
            for hit in each.signals[1].values():
                if hit["incident_id"] == incident:
                    yield f"1:{hit['rule_id']}", hit


def _states(
    recording: Recording, incidents: Mapping[str, str], rules: Detections, hits: pa.Table, bundle: Bundle
) -> pa.Table:
    """The states of the tagged incidents with these hits as signals."""
    with closing(recording.connect()) as source, closing(open_memory()) as connection:
        tables = {name: _tagged(source, name, incidents) for name in (EVENTS, INCIDENTS, COMPLETENESS)}
        for name in ("intake.services", "intake.dependencies"):
            tables[name] = source.sql(f"from {name}").to_arrow_table()
        register(connection, tables)
        enrichment.build_states(connection, recording.settings, bundle.grading, rules, lambda *_: hits)
        return connection.sql("from graded_states").to_arrow_table()


def _tagged(connection: duckdb.DuckDBPyConnection, name: str, incidents: Mapping[str, str]) -> pa.Table:
    """The table's rows of these incidents under their tags."""
    rows = [{"tag": tag, "incident_id": incident} for tag, incident in incidents.items()]
    connection.register("arrow_tags", pa.Table.from_pylist(rows, schema=_WANTED))
    sql = f"""
select told.* replace (arrow_tags.tag as incident_id)
from {name} as told
join arrow_tags using (incident_id)"""
    found = connection.sql(sql).to_arrow_table()
    connection.unregister("arrow_tags")
    return found


def _cut(states: pa.Table, as_of: int | None) -> pa.Table:
    if as_of is None:
        return states
    with closing(open_memory()) as connection:
        connection.register("states", states)
        return connection.sql(f"from states where known_at <= {as_of}").to_arrow_table()


def _decided(row: Mapping[str, Any]) -> Decided:
    approvers: Collection[str] = row["approvers"]
    return row["action"], Mode(row["mode"]), tuple(approvers), row["decided_at"]
