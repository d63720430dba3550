"""Finds the records behind what responsible clauses read, so that a changed decision can be checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from evidence.decision import Bundle
from evidence.times import format_rfc3339, parse_rfc3339
from simulator.bundles.clause_columns import columns_of
from simulator.bundles.clauses import Clause
from simulator.comparison.model import Change, ClauseEvidence
from simulator.histories.history import History
from simulator.histories.sights import Sight
from simulator.record_anchors import RecordAnchor

_SCHEMA = pa.schema(
    [
        ("incident_id", pa.string()),
        ("clause", pa.string()),
        ("column_name", pa.string()),
        ("decided_at", pa.int64()),
    ]
)
_ANCHOR = tuple(RecordAnchor.model_fields)


def evidence_behind(
    history: History,
    bundles: tuple[Bundle, Bundle],
    clauses: Sequence[Clause],
    changed: Sequence[Change],
    sight: Sight,
) -> dict[str, tuple[ClauseEvidence, ...]]:
    """Per attributed incident the records behind its responsible clauses, by clause and column.

    As of the candidate's decision, from what it sees, `sight`. Empty where the history came without its
    evidence.
    """
    if not history.has_evidence:
        return {}
    columns = {clause.id: columns_of(clause, bundles) for clause in clauses}
    reads = [
        {
            "incident_id": change.incident_id,
            "clause": clause,
            "column_name": column,
            "decided_at": parse_rfc3339(change.candidate.decided_at),
        }
        for change in changed
        for clause in _responsible(change)
        for column in columns[clause]
    ]
    connection = history.connection
    connection.register("arrow_clause_reads", pa.Table.from_pylist(reads, schema=_SCHEMA))
    connection.execute("create or replace temp table clause_reads as from arrow_clause_reads").fetchall()
    connection.unregister("arrow_clause_reads")
    for name, relation in (("seen_states", sight.states), ("seen_supports", sight.supports)):
        connection.execute(f"create or replace temp view {name} as from {relation}").fetchall()
    sql = Path(__file__).with_name("clause_evidence.sql").read_text(encoding="utf-8")
    found: dict[str, list[ClauseEvidence]] = {}
    for row in connection.sql(sql).to_arrow_table().to_pylist():
        found.setdefault(row["incident_id"], []).append(_evidence(row))
    return {incident_id: tuple(rows) for incident_id, rows in found.items()}


def _responsible(change: Change) -> list[str]:
    if change.responsible is None:
        return []
    return sorted({clause for group in change.responsible.minimal_sets for clause in group})


def _evidence(row: Mapping[str, Any]) -> ClauseEvidence:
    return ClauseEvidence(
        clause=row["clause"],
        column=row["column_name"],
        source=row["source"],
        known_at=None if row["known_at"] is None else format_rfc3339(row["known_at"]),
        anchor=RecordAnchor(**{name: row[name] for name in _ANCHOR}),
    )
