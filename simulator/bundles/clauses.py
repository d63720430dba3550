"""Owns the difference of two bundles in clauses, and hybrids: the baseline with some of the other's clauses.

A clause is the smallest piece that a person would change and name: a rule's `when`, the points of one
rule for one action, one cell of the action matrix, one policy module, one threshold, weight or approver.
Rules, escalations and actions that only one bundle has are one clause each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from evidence.decision import Bundle, Rule
from evidence.decision.approvers import Role
from evidence.decision.bundle import Escalation
from evidence.decision.matrix import Action, AlsoApprovers, Guardrail, Precondition, Request
from evidence.decision.policies import Policy
from evidence.detections.levels import Level
from simulator.bundles.bundle_parts import ORDER, Difference, PartPath, bundle_of, compared, mixed, sections
from simulator.bundles.rule_differences import SECTION as DETECTIONS
from simulator.bundles.rule_differences import RuleDifference, rule_differences
from simulator.bundles.voids import voided


class ClauseKind(StrEnum):
    """What a clause is about."""

    RULE = "rule"
    POINTS = "points"
    NEED = "need"
    MATRIX = "matrix"
    ESCALATION = "escalation"
    LAST_RESORT = "last-resort"
    POLICY = "policy"
    DETECTION = "detection"
    THRESHOLD = "threshold"
    WEIGHT = "weight"
    SEVERITY = "severity"
    IMPACT = "impact"
    TICK = "tick"
    APPROVER = "approver"
    ORDER = "order"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause in which two bundles differ; `old` and `new` are short texts, None when absent.

    `can_decide` is False where the clause cannot change any decision's action, mode, approvers or
    moment, but only what goes with it: words, contacts, guardrails, target, execution model,
    disposition, and every order but that of actions.
    """

    id: str
    kind: ClauseKind
    old: str | None
    new: str | None
    can_decide: bool
    path: PartPath


def differences(baseline: Bundle, candidate: Bundle) -> tuple[Clause, ...]:
    """Every clause that differs, each with an id of its own; empty exactly when the digests are equal.

    In a total order: by section, then entries as the baseline declares them with the candidate's own
    behind their predecessors, then fields; detections last, by title. A rule that only gets another name is
    two clauses, neither of which can decide anything.
    """
    found = tuple(compared(sections(baseline), sections(candidate)))
    renamed = _renamed_rules(found)
    clauses = tuple(renamed.get(each.path) or _clause(each) for each in found)
    return clauses + tuple(_detection_clauses(baseline, candidate))


def hybrid(baseline: Bundle, candidate: Bundle, clauses: Iterable[Clause]) -> Bundle:
    """The baseline in which exactly these clauses, of `differences`, are the candidate's.

    No clause gives the baseline, all of them the candidate (by digest). A hybrid need not be a bundle
    that would be loaded, but it can always be decided; what has no meaning in it is void:

    - points for an action that is not there do not count until the action is there;
    - a last resort that is not there, or would act, leaves the other bundle's in its place; where this
      is not there either, its removal is void;
    - a guardrail goes when the precondition that holds it does;
    - a role that an action names stays in the approver map.

    Detections are exchanged all together or not at all: what some of their clauses do is a matter of
    signals, not of the bundle.
    """
    chosen = frozenset(clause.path for clause in clauses)
    rules = frozenset(path for path in chosen if path[0] == DETECTIONS)
    taken = chosen - rules
    if not chosen:
        return baseline
    name = f"{baseline.name} with {len(chosen)} of {candidate.name}'s clauses"
    old, new = sections(baseline), sections(candidate)
    mix = bundle_of(name, baseline, voided(old, new, taken, lambda kept: mixed(old, new, kept)))
    whole = {each.path for each in _detection_clauses(baseline, candidate)}
    return replace(mix, detections=candidate.detections) if rules and rules == whole else mix


def _detection_clauses(baseline: Bundle, candidate: Bundle) -> Iterator[Clause]:
    """The rules that differ in what can change a signal, then the level from which on hits are signals."""
    old, new = baseline.detections, candidate.detections
    if old == new:
        return
    for each in rule_differences(old, new):
        if each.is_in_digest:
            path = (DETECTIONS, each.clause.removeprefix(f"{DETECTIONS}."))
            yield Clause(each.clause, ClauseKind.DETECTION, *_rule_texts(each), each.can_decide, path)
    before, now = (detections.from_level.value if detections else None for detections in (old, new))
    if before != now:
        # The rules in between are clauses by themselves.
        path = (DETECTIONS, "from_level")
        yield Clause(".".join(path), ClauseKind.DETECTION, before, now, False, path)


def _rule_texts(difference: RuleDifference) -> tuple[str | None, str | None]:
    """The level of either version, and what else differs in the new one."""
    old, new = (each and f"level {Level.of(each.heading.level)}" for each in (difference.old, difference.new))
    others = "; ".join(words for words in difference.what if not words.startswith("level "))
    return old or None, f"{new}, edited ({others})" if new and others else new or None


def _renamed_rules(found: Iterable[Difference]) -> dict[PartPath, Clause]:
    """The clauses of rules of which one goes and one comes that is the same but for its name."""
    rules = [each for each in found if each.path[0] == "rules" and len(each.path) == 2]
    gone = [each for each in rules if each.new is None]
    renamed: dict[PartPath, Clause] = {}
    for came in (each for each in rules if each.old is None):
        alike = [each for each in gone if each.old.model_copy(update={"id": came.new.id}) == came.new]
        if alike:
            gone.remove(alike[0])
            old, new = f"named {alike[0].old.id}", f"named {came.new.id}, else the same"
            for path in (alike[0].path, came.path):
                renamed[path] = Clause(".".join(path), ClauseKind.RULE, old, new, False, path)
    return renamed


def _clause(difference: Difference) -> Clause:
    path = difference.path
    old, new = _text(difference.old), _text(difference.new)
    return Clause(".".join(path), _kind_of(path), old, new, _can_decide(path), path)


def _kind_of(path: PartPath) -> ClauseKind:
    match path:
        case ("rules", _, "supports", _):
            return ClauseKind.POINTS
        case ("grading", section, *_):
            return _GRADING_KINDS[section]
        case (section, *_):
            return _KINDS[section]
    raise ValueError("a bundle as a whole is no clause")


_KINDS = {
    ORDER: ClauseKind.ORDER,
    "title": ClauseKind.TITLE,
    "need": ClauseKind.NEED,
    "last_resorts": ClauseKind.LAST_RESORT,
    "escalations": ClauseKind.ESCALATION,
    "actions": ClauseKind.MATRIX,
    "rules": ClauseKind.RULE,
    "policies": ClauseKind.POLICY,
    "approvers": ClauseKind.APPROVER,
    "fallback": ClauseKind.APPROVER,
}
_GRADING_KINDS = {
    "tick_minutes": ClauseKind.TICK,
    "severity": ClauseKind.SEVERITY,
    "thresholds": ClauseKind.THRESHOLD,
    "confidence": ClauseKind.WEIGHT,
    "impact": ClauseKind.IMPACT,
}


def _can_decide(path: PartPath) -> bool:
    match path:
        case ("order", *table):
            return table == ["actions"]
        case ("title" | "approvers" | "fallback", *_):
            return False
        case ("rules", _, "because" | "disposition") | ("escalations", _, "because"):
            return False
        case ("actions", _, "reason" | "target" | "executes" | "guardrails"):
            return False
    return True


def _text(value: Any) -> str | None:
    """The value in a few words; None only for None."""
    match value:
        case None:
            return None
        case tuple():
            return ", ".join(str(_text(each)) for each in value) or "none"
        case Rule():
            points = ", ".join(f"{name} {points}" for name, points in value.supports.items())
            return f"when {value.when}: {points}"
        case Escalation():
            return f"{value.mode} for {_text(value.scopes)} when {value.when}"
        case Action():
            return f"{value.option}, {value.scope}, {value.undo}, {value.mode}"
        case AlsoApprovers():
            return f"{_text(value.approvers)} when {value.when}"
        case Precondition():
            return value.that
        case Guardrail():
            return f"{value.id}: {value.text}"
        case Request():
            return f"{value.operation} {value.kind}"
        case Role():
            return value.contact or f"{len(value.by_owner)} contacts by owner"
        case Policy():
            return f"sha256 {value.digest[:12]}"
    return str(value)
