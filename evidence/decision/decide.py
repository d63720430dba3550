"""Builds the four decision tables: each incident's recommendation of record with all that was weighed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from evidence.decision.bundle import Bundle
from evidence.decision.candidates import Candidate, CandidateReader
from evidence.decision.codes import Recommendation, decode
from evidence.decision.kernel import STATES, Kernel
from evidence.decision.matrix import Option
from evidence.decision.records import read_sql, record_decisions
from evidence.decision.unknowns import undecided_uses, unknowns
from evidence.tables import Tables, table_from_rows

NANOSECONDS_PER_SECOND = 1_000_000_000


@dataclass(frozen=True)
class Decision:
    """One incident's decision of record: the joined row, what its code means and every candidate."""

    row: Mapping[str, Any]
    recommendation: Recommendation
    candidates: tuple[Candidate, ...]
    unknowns: tuple[str, ...]

    @property
    def incident_id(self) -> str:
        """The incident."""
        return str(self.row["incident_id"])

    @property
    def chosen(self) -> Candidate:
        """The candidate that is recommended."""
        return next(each for each in self.candidates if each.is_chosen)


def decide(connection: duckdb.DuckDBPyConnection, bundle: Bundle) -> Tables:
    """The four `decision.*` tables.

    Reads `enrichment.incident_states`, graded by this bundle's grading, and `intake.incidents`.
    Every incident of `intake.incidents` gets exactly one decision and every action of the matrix a
    row in `decision.option_scores`. Nothing is executed: a decision is a recommendation.
    """
    return decide_together(connection, [bundle])[0]


def decide_together(connection: duckdb.DuckDBPyConnection, bundles: Sequence[Bundle]) -> list[Tables]:
    """As `decide` for each of some bundles that share a grading, with one pass over the states."""
    kernel = Kernel.of(bundles)
    record_decisions(connection, kernel, STATES)
    return [_tables(connection, kernel, place) for place in range(len(bundles))]


def _tables(connection: duckdb.DuckDBPyConnection, kernel: Kernel, place: int) -> Tables:
    bundle = kernel.bundles[place]
    decisions = list(_decided(connection, kernel, place))
    rows = recommendation_rows(connection, bundle, place)
    revisions = _revision_counts(rows)
    return {
        "decision.decisions": table_from_rows(
            "decision.decisions", (_decision_row(bundle, each, revisions) for each in decisions)
        ),
        "decision.option_scores": table_from_rows(
            "decision.option_scores", (row for each in decisions for row in _option_rows(each))
        ),
        "decision.policy_verdicts": table_from_rows(
            "decision.policy_verdicts", (row for each in decisions for row in _verdict_rows(each))
        ),
        "decision.recommendations": table_from_rows("decision.recommendations", _marked(rows, decisions)),
    }


def decisions_of_record(
    connection: duckdb.DuckDBPyConnection, bundle: Bundle, only_incident: str | None = None
) -> Iterator[Decision]:
    """Decide every state, or those of one incident, and give each decision of record, by incident."""
    kernel = Kernel.of([bundle])
    record_decisions(connection, kernel, STATES, only_incident)
    return _decided(connection, kernel, 0)


def _decided(connection: duckdb.DuckDBPyConnection, kernel: Kernel, place: int) -> Iterator[Decision]:
    """The decisions of record of the bundle at `place`, after the kernel has run, by incident."""
    bundle = kernel.bundles[place]
    undecided = _join_decided(connection, kernel, place)
    reader = CandidateReader(kernel, place)
    for row in connection.sql("from kernel_decided order by incident_id").to_arrow_table().to_pylist():
        recommendation = decode(bundle, row["code"])
        candidates = tuple(reader.read(row, recommendation))
        missing = unknowns(bundle, undecided[row["incident_id"]], candidates, row)
        yield Decision(row, recommendation, candidates, tuple(missing))


def _join_decided(
    connection: duckdb.DuckDBPyConnection, kernel: Kernel, place: int
) -> dict[str, frozenset[int]]:
    """Leaves `kernel_decided`: per incident its record, its state then and its key's masks."""
    keys = ", ".join(kernel.layout.key_columns)
    connection.execute(f"""
create or replace temp table kernel_decided as
select
    records.* exclude (bundle),
    states.* exclude (incident_id, moment, known_at),
    masks.* exclude (code)
from (from kernel_records where bundle = {place}) as records
join kernel_decided_states as states using (incident_id, moment)
join kernel_states as state_keys using (incident_id, moment)
join kernel_masks_{place} as masks using ({keys})
""").fetchall()
    return undecided_uses(connection, kernel.bundles[place], "kernel_decided")


def recommendation_rows(
    connection: duckdb.DuckDBPyConnection, bundle: Bundle, place: int = 0
) -> list[dict[str, Any]]:
    """Every change of the recommendation along the moments, after the states were decided."""
    connection.execute(
        "create or replace temp view bundle_codes as"
        f" select incident_id, moment, known_at, code_{place} as code from kernel_codes"
    ).fetchall()
    connection.execute(read_sql("recommendations")).fetchall()
    rows = (
        connection.sql("from kernel_recommendations order by incident_id, moment")
        .to_arrow_table()
        .to_pylist()
    )
    return [{**row, **_recommended(decode(bundle, row.pop("code")))} for row in rows]


def _recommended(recommendation: Recommendation) -> dict[str, Any]:
    return {
        "option": recommendation.option.value,
        "action": recommendation.action,
        "mode": recommendation.mode.value,
        "approvers": list(recommendation.approvers),
    }


def _revision_counts(rows: list[dict[str, Any]]) -> dict[str, int]:
    """Changes up to the horizon; the first recommendation is none."""
    counts: dict[str, int] = {}
    for row in rows:
        if not row["is_hindsight"]:
            counts[row["incident_id"]] = counts.get(row["incident_id"], -1) + 1
    return counts


def _marked(rows: list[dict[str, Any]], decisions: list[Decision]) -> Iterator[dict[str, Any]]:
    """The rows, with the one that holds at the moment of the decision marked."""
    moments = {each.incident_id: each.row["moment"] for each in decisions}
    for row in rows:
        yield {**row, "is_decision_of_record": row["moment"] == moments[row["incident_id"]]}


def _decision_row(bundle: Bundle, decision: Decision, revisions: Mapping[str, int]) -> dict[str, Any]:
    row, chosen = decision.row, decision.chosen
    preferred = preferred_action(bundle, decision)
    matched = [rule for rule in bundle.rules if rule.id in chosen.matched_rules]
    is_closing = chosen.action.option is Option.MONITOR and any(rule.disposition for rule in matched)
    return {
        **_recommended(decision.recommendation),
        "incident_id": decision.incident_id,
        "target": target_of(chosen, row),
        "disposition": "close" if is_closing else None,
        "approver_contacts": [
            bundle.approvers.contact_of(role, row["owner"]) for role in decision.recommendation.approvers
        ],
        "mode_reasons": list(chosen.mode_reasons),
        "basis": row["basis"],
        "moment": row["moment"],
        "decided_at": row["decided_at"],
        "time_to_decision_seconds": _seconds_between(row["first_signal_at"], row["decided_at"]),
        "horizon_at": row["horizon_at"],
        "severity": row["severity"],
        "confidence": row["confidence"],
        "impact": row["impact"],
        "effect_points": chosen.effect,
        "rung": chosen.rung,
        "matched_rules": list(chosen.matched_rules),
        "reasons": [rule.because for rule in matched],
        "has_minimum_context": row["has_context"],
        "missing_context": row["missing_context"],
        "unknowns": list(decision.unknowns),
        "is_aborted_by_policy": preferred is not None,
        "preferred_action": preferred,
        "revision_count": revisions[decision.incident_id],
        "is_withdrawn": row["is_withdrawn"],
        "first_automatic_at": row["first_automatic_at"],
        "hindsight_action": decode(bundle, row["hindsight_code"]).action,
    }


def preferred_action(bundle: Bundle, decision: Decision) -> str | None:
    """The action that policy alone kept from being chosen; None when policy changed nothing."""
    row = decision.row
    if row["preferred"] == row["chosen"]:
        return None
    return bundle.ladder[int(row["preferred"]).bit_length() - 1]


def _seconds_between(start: int | None, end: int) -> int | None:
    return None if start is None else (end - start) // NANOSECONDS_PER_SECOND


def target_of(candidate: Candidate, state: Mapping[str, Any]) -> str | None:
    """What the action would act on: the first of its target columns that is known."""
    return next((state[column] for column in candidate.action.target if state[column] is not None), None)


def _option_rows(decision: Decision) -> Iterator[dict[str, Any]]:
    for each in decision.candidates:
        yield {
            "incident_id": decision.incident_id,
            "option": each.action.option.value,
            "action": each.name,
            "target": target_of(each, decision.row),
            "is_active": each.action.is_active,
            "rung": each.rung,
            "effect_points": each.effect,
            "need_points": each.need,
            "matched_rules": list(each.matched_rules),
            "is_effective": each.is_effective,
            "is_context_complete": each.has_context,
            "is_confidence_sufficient": each.is_confident,
            "are_preconditions_met": not each.failed_preconditions,
            "failed_preconditions": list(each.failed_preconditions),
            "is_allowed_by_policy": each.is_allowed,
            "is_admissible": each.is_admissible,
            "mode": each.mode.value,
            "mode_reasons": list(each.mode_reasons),
            "approvers": list(each.approvers),
            "execution_model": each.action.executes.value,
            "is_best_of_option": each.is_best,
            "is_chosen": each.is_chosen,
            "lost_because": each.lost_because,
        }


def _verdict_rows(decision: Decision) -> Iterator[dict[str, Any]]:
    for each in decision.candidates:
        for policy, answer in each.answers:
            yield {
                "incident_id": decision.incident_id,
                "action": each.name,
                "policy": policy.name,
                "verdict": answer.verdict.value,
                "messages": list(answer.messages),
                "unknown_inputs": list(answer.unknown_inputs),
            }
