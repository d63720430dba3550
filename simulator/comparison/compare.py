"""Compares two playbook bundles on one history: which incidents they decide otherwise, and what that means.

Everything is decided and classed set at a time; only the incidents that are listed are told about one by
one, with the functions that production tells its decisions with.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import duckdb
import pyarrow as pa

from evidence.decision import Bundle
from evidence.decision.matrix import MODES
from evidence.times import format_rfc3339
from simulator.attribution.clause_evidence import evidence_behind
from simulator.attribution.responsible import responsible
from simulator.attribution.responsible_rules import responsible_rules
from simulator.attribution.rule_evidence import with_records_hit
from simulator.bundles.clauses import Clause, differences
from simulator.comparison.bundle_differences import clause_changes, static_weakening
from simulator.comparison.changes import cosmetic_differences, decided_of, parting_of, reasons
from simulator.comparison.classification import CLASSES, classify
from simulator.comparison.demands import DENIED
from simulator.comparison.detection_model import Outcome
from simulator.comparison.model import (
    BundleRef,
    Change,
    ChangeClass,
    ChangeKind,
    Comparison,
    HistoryRef,
    LabelEffect,
)
from simulator.comparison.policy_changes import denying_policies
from simulator.comparison.summary import summarise
from simulator.comparison.summary_model import Summary
from simulator.histories.history import INCIDENTS, History
from simulator.histories.sights import sights_of
from simulator.policies.comparing import policy_comparison
from simulator.replays.runs import Run, replay_runs
from simulator.signals.comparing import SignalChanges, detection_comparison, signal_changes
from simulator.weakening.weakenings import weakenings

LISTED_MAX = 1000
# Up to here every incident is told about, so that differences that are merely cosmetic are found too.
TOLD_MAX = 2000
UNSOUGHT = (
    f"Differences that are merely cosmetic are looked for in histories of up to {TOLD_MAX} incidents;"
    " here they count as the same."
)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two bundles, and how it was asked for.

    `rules` and `policies` are how its detections and its policies were asked for, where apart from it.
    """

    bundle: Bundle
    reference: str
    rules: str | None = None
    policies: str | None = None


def compare(
    history: History,
    baseline: Side,
    candidate: Side,
    *,
    allowed: Collection[str] = (),
    is_attributed: bool = True,
    listed_max: int = LISTED_MAX,
) -> Comparison:
    """What changes when `candidate` takes the place of `baseline`, over every incident of the history.

    `allowed` names static weakenings that may pass. Without attribution no clauses are held
    responsible, which saves most of the time. At most `listed_max` changed incidents are listed, the
    gravest class first when they are cut; the summary counts all of them.
    """
    connection, bundles = history.connection, (baseline.bundle, candidate.bundle)
    sights = sights_of(history, bundles)
    classify(connection, bundles, (sights[0].states, sights[1].states))
    told_about = _told_about(connection, history, listed_max)
    told = _Told(connection, bundles, replay_runs(history, bundles, told_about), told_about)
    changed = [told.change(incident_id) for incident_id in told_about if told.is_changed(incident_id)]
    turned = [change.incident_id for change in changed if change.kind is ChangeKind.DECISION]
    summary = _summary(connection, history, changed)
    changed = _gravest(changed, listed_max)
    clauses = differences(*bundles)
    unattributed = ""
    rules = signal_changes(history, bundles)
    if is_attributed:
        changed, unattributed = _attributed(history, bundles, clauses, changed, rules)
    return Comparison(
        baseline=_bundle_ref(baseline),
        candidate=_bundle_ref(candidate),
        history=_history_ref(history),
        clauses=tuple(clause_changes(bundles, clauses, told.verdicts)),
        weakenings=tuple(static_weakening(each, allowed) for each in weakenings(*bundles)),
        changed=tuple(changed),
        summary=summary,
        detections=None
        if rules is None
        else detection_comparison(
            rules,
            (baseline.rules or baseline.reference, candidate.rules or candidate.reference),
            _outcomes(connection, changed),
            listed_max,
            unattributed,
        ),
        policies=policy_comparison(
            history,
            bundles,
            (baseline.policies or baseline.reference, candidate.policies or candidate.reference),
            told.decided_at(),
            turned,
            sights[1].states,
        ),
    )


def _outcomes(connection: duckdb.DuckDBPyConnection, changed: Sequence[Change]) -> dict[str, Outcome]:
    """The kind of change of every incident that has one, also of those that are not listed."""
    rows = connection.execute(f"""
select incident_id, case when is_decision_changed then 'decision' else 'path' end
from {CLASSES}
where is_decision_changed or is_path_changed
order by incident_id""").fetchall()
    kinds = {change.incident_id: change.kind.value for change in changed} | dict(rows)
    return cast("dict[str, Outcome]", kinds)


def _told_about(connection: duckdb.DuckDBPyConnection, history: History, listed_max: int) -> list[str]:
    """Incidents that are told about, by id: all of a small history, of a large one those that changed."""
    if history.incident_count <= TOLD_MAX:
        return _ids(connection, f"select incident_id from {CLASSES} order by incident_id")
    gravest = f"""
select incident_id
from {CLASSES}
where is_decision_changed or is_path_changed or baseline_option <> candidate_option
order by
    not is_decision_changed,
    not is_path_changed,
    list_position({[each.value for each in ChangeClass]}, classes[1]),
    label_effect <> '{LabelEffect.REGRESSES.value}',
    incident_id"""
    limit = f" limit {listed_max}" if listed_max else ""
    return sorted(_ids(connection, gravest + limit))


def _gravest(changed: Sequence[Change], listed_max: int) -> list[Change]:
    """At most so many, by incident: decisions before paths, graver classes and regressions first."""
    kinds, classes = list(ChangeKind), list(ChangeClass)
    kept = sorted(
        changed,
        key=lambda change: (
            kinds.index(change.kind),
            classes.index(change.classes[0]) if change.classes else 0,
            change.label is not LabelEffect.REGRESSES,
            change.incident_id,
        ),
    )[: listed_max or None]
    return sorted(kept, key=lambda change: change.incident_id)


def _summary(connection: duckdb.DuckDBPyConnection, history: History, changed: Sequence[Change]) -> Summary:
    """The figures over all incidents, and whether all of them were looked at closely."""
    summary = summarise(connection, changed)
    if history.incident_count <= TOLD_MAX:
        return summary
    return summary.model_copy(update={"cosmetic_count": None, "notes": (*summary.notes, UNSOUGHT)})


def _ids(connection: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    return [row[0] for row in connection.execute(sql).fetchall()]


class _Told:
    """What two runs say about the incidents that are told about."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        bundles: tuple[Bundle, Bundle],
        runs: Sequence[Run],
        told_about: Sequence[str],
    ) -> None:
        self.bundles = bundles
        self.decisions = [_by_incident(run.decisions) for run in runs]
        self.verdicts = [run.tables["decision.policy_verdicts"] for run in runs]
        self.paths = [_lists_by_incident(run.tables["decision.recommendations"]) for run in runs]
        self.classes = _by_incident(_classed(connection, told_about))
        self.denying = denying_policies(self.verdicts[1])

    def decided_at(self) -> dict[str, tuple[int, int]]:
        """The times of both decisions of record, in ns UTC, by incident."""
        old, new = self.decisions
        return {each: (old[each]["decided_at"], new[each]["decided_at"]) for each in self.classes}

    def is_changed(self, incident_id: str) -> bool:
        """Whether anything about the incident differs."""
        row = self.classes[incident_id]
        return (
            row["is_decision_changed"]
            or row["is_path_changed"]
            or bool(cosmetic_differences(*(side[incident_id] for side in self.decisions)))
        )

    def change(self, incident_id: str) -> Change:
        """The change of one incident; not yet attributed."""
        classed = self.classes[incident_id]
        old, new = (side[incident_id] for side in self.decisions)
        kind = _kind(classed)
        classes = (
            (ChangeClass.COSMETIC,)
            if kind is ChangeKind.COSMETIC
            else tuple(ChangeClass(each) for each in classed["classes"])
        )
        denying = self.denying.get((incident_id, new["preferred_action"]), [])
        told = reasons(classes, self.bundles, (old, new), classed, denying)
        return Change(
            incident_id=incident_id,
            title=classed["title"],
            kind=kind,
            classes=classes,
            reasons=told or ("The same decision in the end, by another path.",),
            baseline=decided_of(old),
            candidate=decided_of(new),
            demanded_mode=_demanded_mode(classed["demanded_mode"]),
            demanded_approvers=_demanded_approvers(classed),
            parting=parting_of(*(side[incident_id] for side in self.paths)),
            label=LabelEffect(classed["label_effect"]),
            expected_option=classed["expected_option"],
            responsible=None,
            evidence=(),
        )


def _classed(connection: duckdb.DuckDBPyConnection, incidents: Sequence[str]) -> pa.Table:
    """The classes of these incidents, and how they are called."""
    connection.register("arrow_told", pa.table({"incident_id": pa.array(incidents, pa.string())}))
    told = f"""
select classes.*, incidents.title
from {CLASSES} as classes
join {INCIDENTS} as incidents using (incident_id)
semi join arrow_told using (incident_id)
order by incident_id"""
    classed = connection.sql(told).to_arrow_table()
    connection.unregister("arrow_told")
    return classed


def _kind(classed: Mapping[str, Any]) -> ChangeKind:
    if classed["is_decision_changed"]:
        return ChangeKind.DECISION
    return ChangeKind.PATH if classed["is_path_changed"] else ChangeKind.COSMETIC


def _demanded_mode(place: int | None) -> Any:
    if place is None:
        return None
    return "denied" if place == DENIED else MODES[place].value


def _demanded_approvers(classed: Mapping[str, Any]) -> tuple[str, ...]:
    """Nobody where nothing is demanded, or where it is denied whoever agrees."""
    is_asked = classed["demanded_mode"] in (1, 2)
    return tuple(classed["demanded_approvers"]) if is_asked else ()


def _attributed(
    history: History,
    bundles: tuple[Bundle, Bundle],
    clauses: Sequence[Clause],
    changed: list[Change],
    rules: SignalChanges | None,
) -> tuple[list[Change], str]:
    """The changes with the clauses that are responsible and what these read; and why some have none."""
    decided = [change for change in changed if change.kind is ChangeKind.DECISION]
    if not decided:
        return changed, ""
    sights = sights_of(history, bundles)
    incidents = [change.incident_id for change in decided]
    unattributed = ""
    if rules is None or sights[0] == sights[1]:
        found = responsible(history.connection, *bundles, incidents, sights[1].states)
    else:
        found, unattributed = responsible_rules(history, rules, clauses, incidents)
    named = [_updated(change, responsible=found.get(change.incident_id)) for change in changed]
    evidence = evidence_behind(history, bundles, clauses, named, sights[1])
    if rules is not None:
        evidence = with_records_hit(history, rules, named, evidence)
    return [_updated(change, evidence=evidence.get(change.incident_id, ())) for change in named], unattributed


def _updated(change: Change, **fields: object) -> Change:
    return change.model_copy(update=fields)


def _bundle_ref(side: Side) -> BundleRef:
    bundle = side.bundle
    return BundleRef(
        reference=side.reference,
        name=bundle.name,
        digest=bundle.digest,
        rule_count=len(bundle.rules),
        action_count=len(bundle.actions),
    )


def _history_ref(history: History) -> HistoryRef:
    return HistoryRef(
        digest=history.digest,
        incident_count=history.incident_count,
        as_of=None if history.as_of is None else format_rfc3339(history.as_of),
        has_horizons=history.has_horizons,
        is_generated=history.is_generated,
    )


def _by_incident(table: pa.Table) -> dict[str, dict[str, Any]]:
    return {row["incident_id"]: row for row in table.to_pylist()}


def _lists_by_incident(table: pa.Table) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in table.to_pylist():
        found.setdefault(row["incident_id"], []).append(row)
    return found
