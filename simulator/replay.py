"""Replays recorded history against playbook bundles, with the kernel that production decides by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from evidence.decision import Bundle
from evidence.decision.codes import Recommendation, decode
from evidence.decision.kernel import STATES, Kernel
from evidence.decision.records import record_decisions
from evidence.enrichment.grading import Grading, graded_sql, retick_sql


@dataclass(frozen=True, slots=True)
class Replayed:
    """One bundle's decision of record on one incident; times in ns UTC."""

    bundle_digest: str
    incident_id: str
    recommendation: Recommendation
    basis: str
    moment: int
    decided_at: int
    is_withdrawn: bool
    first_automatic_at: int | None
    hindsight_action: str


def replay(connection: duckdb.DuckDBPyConnection, bundles: Sequence[Bundle]) -> list[tuple[Replayed, ...]]:
    """Per bundle, in the order given, every incident's decision of record by incident.

    Reads `enrichment.incident_states` and `intake.incidents`. States are graded and ticked anew by
    each bundle's own grading; bundles that share one are decided in one pass.
    """
    replayed: dict[int, tuple[Replayed, ...]] = {}
    for grading in dict.fromkeys(bundle.grading.model_dump_json() for bundle in bundles):
        places = [
            place for place, bundle in enumerate(bundles) if bundle.grading.model_dump_json() == grading
        ]
        among = [bundles[place] for place in places]
        replayed |= dict(zip(places, _replay_together(connection, among), strict=True))
    return [replayed[place] for place in range(len(bundles))]


def _replay_together(
    connection: duckdb.DuckDBPyConnection, bundles: Sequence[Bundle]
) -> list[tuple[Replayed, ...]]:
    _grade(connection, bundles[0].grading)
    record_decisions(connection, Kernel.of(bundles), "replay_states")
    records = connection.execute("""
select bundle, incident_id, code, basis, moment, decided_at, is_withdrawn, first_automatic_at, hindsight_code
from kernel_records
order by bundle, incident_id
""").fetchall()
    return [
        tuple(_replayed(bundle, row[1:]) for row in records if row[0] == index)
        for index, bundle in enumerate(bundles)
    ]


def _grade(connection: duckdb.DuckDBPyConnection, grading: Grading) -> None:
    """Leaves `replay_states`: the recorded states under this grading, in the columns' declared order."""
    states = graded_sql(grading, f"({retick_sql(grading, STATES)})")
    connection.execute(f"create or replace temp table replay_states as {states}").fetchall()


def _replayed(bundle: Bundle, row: tuple[object, ...]) -> Replayed:
    incident_id, code, basis, moment, decided_at, is_withdrawn, first_automatic_at, hindsight_code = row
    return Replayed(
        bundle_digest=bundle.digest,
        incident_id=str(incident_id),
        recommendation=decode(bundle, int(str(code))),
        basis=str(basis),
        moment=int(str(moment)),
        decided_at=int(str(decided_at)),
        is_withdrawn=bool(is_withdrawn),
        first_automatic_at=None if first_automatic_at is None else int(str(first_automatic_at)),
        hindsight_action=decode(bundle, int(str(hindsight_code))).action,
    )
