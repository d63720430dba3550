"""Finds the records that responsible rules hit, so that a decision that rules change can be checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from evidence.times import format_rfc3339
from simulator.comparison.model import Change, ClauseEvidence
from simulator.histories.history import History
from simulator.histories.recordings import EVENTS
from simulator.record_anchors import anchor_of_hit
from simulator.signals.comparing import SignalChanges
from simulator.signals.side_hits import Row

COLUMN = "signal_names"  # what a signal is read by
Evidence = Mapping[str, tuple[ClauseEvidence, ...]]


def with_records_hit(
    history: History, changes: SignalChanges, changed: Sequence[Change], evidence: Evidence
) -> dict[str, tuple[ClauseEvidence, ...]]:
    """The evidence of each change, before it the records of signals by which responsible rules differ.

    Nothing is added where the history came without its evidence.
    """
    if not history.has_evidence:
        return dict(evidence)
    hits = {
        change.incident_id: [
            (clause, hit)
            for clause in _responsible(change)
            for hit in changes.told.moved(change.incident_id, clause)
        ]
        for change in changed
        if change.responsible is not None
    }
    sources = _sources(history, [incident for incident, found in hits.items() if found])
    told = {incident: tuple(_evidence(incident, found, sources)) for incident, found in hits.items()}
    return {
        incident: (*told.get(incident, ()), *evidence.get(incident, ()))
        for incident in sorted({*told, *evidence})
    }


def _responsible(change: Change) -> list[str]:
    sets = change.responsible.minimal_sets if change.responsible else ()
    return sorted({clause for group in sets for clause in group})


def _sources(history: History, incidents: Sequence[str]) -> dict[tuple[str, str, int], str]:
    """The tool that wrote each record, by incident, path and ordinal."""
    history.connection.register("arrow_hit", pa.table({"incident_id": pa.array(incidents, pa.string())}))
    rows = history.connection.execute(f"""
select distinct incident_id, path, ordinal, source
from {EVENTS}
semi join arrow_hit using (incident_id)
order by incident_id, path, ordinal, source""").fetchall()
    history.connection.unregister("arrow_hit")
    return {(incident, path, ordinal): source for incident, path, ordinal, source in reversed(rows)}


def _evidence(
    incident: str, found: Sequence[tuple[str, Row]], sources: Mapping[tuple[str, str, int], str]
) -> Iterator[ClauseEvidence]:
    for clause, hit in found:
        for record in hit["records"]:
            yield ClauseEvidence(
                clause=clause,
                column=COLUMN,
                source=sources.get((incident, record["path"], record["ordinal"]), "unknown"),
                known_at=format_rfc3339(hit["known_at"]),
                anchor=anchor_of_hit(record),
            )
