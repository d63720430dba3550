"""Gathers one incident as of its decision out of the published tables; nothing else here reads them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import duckdb

from evidence.anchors import canonical_json, sha256_of
from evidence.decision.states import blank_state
from evidence.errors import HandoffRefused

Row = Mapping[str, Any]

BLANK_MOMENT = 0  # of the state that an incident has of which nothing had arrived by its horizon
# Columns that a state without any event may fill: whose it is, gaps, and what is graded by them.
_WITHOUT_EVENTS = frozenset({"incident_id", "moment", "known_at", "gap_count", "confidence", "impact"})

# Every query is totally ordered. Raw text is read with its record, so that claims can point into it.
_QUERIES = {
    "incidents": "from intake.incidents order by incident_id",
    "decisions": "from decision.decisions order by incident_id",
    "states": "from enrichment.incident_states order by incident_id, moment",
    "support": "from enrichment.state_evidence order by incident_id, column_name, moment",
    "events": "from intake.evidence_events order by incident_id, known_at, event_time, event_id",
    "signals": "from enrichment.signals order by incident_id, known_at, event_id, signal_name",
    "blast": "from enrichment.blast_radius order by incident_id, hops, service",
    "gaps": "from quality.completeness order by incident_id, source, gap, subject",
    "options": "from decision.option_scores order by incident_id, option, action",
    "verdicts": "from decision.policy_verdicts order by incident_id, action, policy",
    "records": "select incident_id, record_sha256, path, ordinal, file_sha256, byte_offset, byte_length, raw"
    " from intake.raw_records order by incident_id, status = 'duplicate', path, ordinal",
}


@dataclass(frozen=True)
class Catalogue:
    """The service catalogue: entries by reference and the edges between them."""

    entries: Mapping[str, Row]
    edges: tuple[tuple[str, str], ...]

    @cached_property
    def _components(self) -> Mapping[str, Row]:
        return {entry["name"]: entry for entry in self.entries.values() if entry["kind"] == "component"}

    def entry(self, name: str | None) -> Row | None:
        """The entry of that reference, or the component of that name."""
        if name is None:
            return None
        return self.entries.get(name) or self._components.get(name)

    def of_cloud_uid(self, uid: str | None) -> Row | None:
        """The entry that an account id, key id or principal belongs to."""
        found = (entry for _, entry in sorted(self.entries.items()) if uid and entry["cloud_uid"] == uid)
        return next(found, None)

    def dependencies(self, entry: Row) -> Iterator[Row]:
        """Entries that it depends on, where the catalogue holds them."""
        for source, target in self.edges:
            if source == entry["entity_ref"] and target in self.entries:
                yield self.entries[target]

    def dependants(self, entry: Row) -> Iterator[Row]:
        """Entries that depend on it directly."""
        for source, target in self.edges:
            if target == entry["entity_ref"] and source in self.entries:
                yield self.entries[source]


@dataclass(frozen=True)
class Case:
    """One incident: what was known at its decision, and what arrived later (for the draft record alone)."""

    incident: Row
    decision: Row
    state: Row
    support: Mapping[str, Row]
    events: tuple[Row, ...]
    signals: tuple[Row, ...]
    blast: tuple[Row, ...]
    gaps: tuple[Row, ...]
    later_gaps: tuple[Row, ...]
    options: tuple[Row, ...]
    verdicts: tuple[Row, ...]
    records: Mapping[str, Row]
    catalogue: Catalogue
    states_sha256: str
    evidence_sha256: str

    @property
    def incident_id(self) -> str:
        """The incident."""
        return str(self.incident["incident_id"])

    @property
    def decided_at(self) -> int:
        """Moment of the decision, ns UTC; evidence that arrived later is hindsight."""
        return int(self.decision["decided_at"])

    @cached_property
    def known_events(self) -> tuple[Row, ...]:
        """Events that had arrived at the decision."""
        return tuple(event for event in self.events if event["known_at"] <= self.decided_at)

    @cached_property
    def event_by_id(self) -> Mapping[str, Row]:
        """Every event of the incident."""
        return {event["event_id"]: event for event in self.events}

    @cached_property
    def signal_names(self) -> Mapping[str, tuple[str, ...]]:
        """Names of the signals that an event is, triggers or is part of, in order of arrival.

        Of an event that was known at the decision, the signals that were.
        """
        found: defaultdict[str, list[str]] = defaultdict(list)
        for signal in self.signals:
            is_known = signal["known_at"] <= self.decided_at
            for event_id in signal["event_ids"]:
                event = self.event_by_id.get(event_id)
                if is_known or event is None or event["known_at"] > self.decided_at:
                    found[event_id].append(signal["signal_name"])
        return {event_id: tuple(names) for event_id, names in found.items()}

    @property
    def service_entry(self) -> Row | None:
        """Catalogue entry of the affected service, or of the identity that stands in for it."""
        return self.catalogue.entry(self.state["service"]) or self.identity_entry

    @property
    def identity_entry(self) -> Row | None:
        """Catalogue entry of the identity that it is about, else of its credential."""
        uids = (self.state["principal"], self.state["credential_uid"])
        return next((entry for uid in uids if (entry := self.catalogue.of_cloud_uid(uid))), None)

    def supporting_event(self, *columns: str) -> Row | None:
        """The event behind the first of these state columns that has one."""
        for column in columns:
            row = self.support.get(column)
            if row and row["event_id"] in self.event_by_id:
                return self.event_by_id[row["event_id"]]
        return None

    @property
    def moment(self) -> int:
        """Number of the decision's moment."""
        return int(self.state["moment"])

    @property
    def is_blank(self) -> bool:
        """Whether nothing had arrived by the horizon, so that the decision is on the blank state."""
        return self.moment == BLANK_MOMENT

    @property
    def has_nothing(self) -> bool:
        """Whether no event had arrived and the state says nothing that an event would have had to say."""
        blank = blank_state()
        is_bare = all(self.state[name] == blank[name] for name in blank.keys() - _WITHOUT_EVENTS)
        return is_bare and not self.known_events

    @property
    def state_place(self) -> str:
        """Where the state that was decided on stands, for derivations; the blank one is in no table."""
        if self.is_blank:
            return f"the blank state of {self.incident_id}, moment {BLANK_MOMENT}"
        return f"enrichment.incident_states, moment {self.moment}"

    @property
    def chosen(self) -> Row:
        """The candidate that is the decision. Raises HandoffRefused when it is not among the options."""
        row = self.option_row(self.decision["action"])
        if row is None:
            raise HandoffRefused(f"{self.incident_id}: {self.decision['action']} is not among the options")
        return row

    def option_row(self, action: str) -> Row | None:
        """The candidate of that action."""
        return next((row for row in self.options if row["action"] == action), None)


def read_cases(connection: duckdb.DuckDBPyConnection) -> Iterator[Case]:
    """One case per incident, in order. Raises HandoffRefused when one has no decision or no state."""
    rows = {name: _by_incident(connection, query) for name, query in _QUERIES.items()}
    catalogue = _catalogue(connection)
    for incident_id, (incident,) in rows["incidents"].items():
        if len(rows["decisions"][incident_id]) != 1:
            raise HandoffRefused(f"{incident_id} has no decision", remedy="Run the decision stage first")
        yield _case(incident, {name: tuple(found[incident_id]) for name, found in rows.items()}, catalogue)


def _case(incident: Row, rows: Mapping[str, tuple[Row, ...]], catalogue: Catalogue) -> Case:
    decision = rows["decisions"][0]
    records: dict[str, Row] = {}
    for record in rows["records"]:
        records.setdefault(record["record_sha256"], record)
    return Case(
        incident=incident,
        decision=decision,
        state=_state(decision, rows["states"]),
        support={row["column_name"]: row for row in rows["support"] if row["moment"] <= decision["moment"]},
        events=rows["events"],
        signals=rows["signals"],
        blast=tuple(row for row in rows["blast"] if row["known_at"] <= decision["decided_at"]),
        gaps=tuple(row for row in rows["gaps"] if row["known_at"] <= decision["decided_at"]),
        later_gaps=tuple(row for row in rows["gaps"] if row["known_at"] > decision["decided_at"]),
        options=rows["options"],
        verdicts=rows["verdicts"],
        records=records,
        catalogue=catalogue,
        states_sha256=sha256_of(canonical_json([dict(state) for state in rows["states"]])),
        evidence_sha256=sha256_of(
            canonical_json(sorted({event["record_sha256"] for event in rows["events"]}))
        ),
    )


def _state(decision: Row, states: tuple[Row, ...]) -> Row:
    """The state that was decided on; the blank one, where nothing had arrived by the horizon."""
    incident_id, moment = decision["incident_id"], decision["moment"]
    if moment == BLANK_MOMENT:
        early = [state["moment"] for state in states if state["known_at"] <= decision["decided_at"]]
        if early:
            raise HandoffRefused(f"{incident_id} is decided on the blank state but has moment {early[0]}")
        return blank_state() | {
            "incident_id": incident_id,
            "moment": BLANK_MOMENT,
            "known_at": decision["decided_at"],
        }
    found = [state for state in states if state["moment"] == moment]
    if len(found) != 1:
        raise HandoffRefused(f"{incident_id} has no state at moment {moment}")
    return found[0]


def _catalogue(connection: duckdb.DuckDBPyConnection) -> Catalogue:
    entries = connection.sql("from intake.services order by entity_ref").to_arrow_table().to_pylist()
    edges = connection.sql("from intake.dependencies order by from_ref, to_ref").to_arrow_table().to_pylist()
    return Catalogue(
        {entry["entity_ref"]: entry for entry in entries},
        tuple((edge["from_ref"], edge["to_ref"]) for edge in edges),
    )


def _by_incident(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, list[Row]]:
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in connection.sql(query).to_arrow_table().to_pylist():
        found[row["incident_id"]].append(row)
    return found
