"""Owns a playbook's health on recorded history: which of its parts have never made a difference.

Findings, not faults: a rule for what has not happened yet has never fired either. Moments up to the
horizon count, and cases are told apart from history.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from evidence.decision import Bundle
from evidence.decision.bundle import Role
from evidence.decision.conditions import columns_read
from expectations.minimum_context import MINIMUM_CONTEXT
from simulator.checking.point_mutants import matters_sql
from simulator.checking.trials import Trials, Variant, holds_sql


class NeverChosen(StrEnum):
    """Why an action was never recommended: the first gate that it never passed."""

    NO_RULE = "no rule supports it"
    NO_POINTS = "no rule that supports it ever held"
    TOO_FEW_POINTS = "its points were never enough"
    KEPT_OUT = "it was enough and always kept out"
    LOWER_RUNG = "a lower rung was always enough"
    OUTWEIGHED = "another action was always preferred"


@dataclass(frozen=True, slots=True)
class RuleHealth:
    """One rule: at how many recorded moments and cases it held, and how many would differ without it."""

    rule: str
    moment_count: int
    case_count: int
    needing_incidents: tuple[str, ...]
    needing_case_count: int

    @property
    def is_silent(self) -> bool:
        """It held at no recorded moment."""
        return not self.moment_count

    @property
    def is_idle(self) -> bool:
        """It held, and without it every recommendation on recorded history would be the same."""
        return bool(self.moment_count) and not self.needing_incidents


@dataclass(frozen=True, slots=True)
class ActionHealth:
    """One action: at how many recorded moments it was recommended, or why never; in how many cases.

    `instead` are the actions on lower rungs that were enough; `kept_out_by` the gates, each with the
    number of moments at which it was shut although the points were enough.
    """

    action: str
    rung: int
    moment_count: int
    case_count: int
    never_because: NeverChosen | None
    instead: tuple[str, ...] = ()
    kept_out_by: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Health:
    """What recorded history says about a playbook. Rules and actions in declared order, the rest sorted."""

    incident_count: int
    moment_count: int
    rules: tuple[RuleHealth, ...]
    actions: tuple[ActionHealth, ...]
    unread_context: tuple[str, ...]
    unspoken_incidents: tuple[str, ...]

    @property
    def silent_rules(self) -> tuple[RuleHealth, ...]:
        """Rules that never fire."""
        return tuple(each for each in self.rules if each.is_silent)

    @property
    def idle_rules(self) -> tuple[RuleHealth, ...]:
        """Rules whose removal changes no recommendation."""
        return tuple(each for each in self.rules if each.is_idle)

    @property
    def overshadowed(self) -> tuple[ActionHealth, ...]:
        """Rungs that are never reached because a lower one is always enough."""
        return tuple(each for each in self.actions if each.never_because is NeverChosen.LOWER_RUNG)

    @property
    def never_chosen(self) -> tuple[ActionHealth, ...]:
        """Actions that are never recommended, whatever the reason."""
        return tuple(each for each in self.actions if each.never_because is not None)


def examine(trials: Trials) -> Health:
    """The health of the trials' bundle on the trials' history."""
    bundle = trials.bundle
    (moment_count, incident_count) = trials.connection.execute(
        "select count(*), count(distinct incident_id) from trial_states where case_place is null"
    ).fetchall()[0]
    return Health(
        incident_count=incident_count,
        moment_count=moment_count,
        rules=tuple(_rules(trials)),
        actions=tuple(_actions(trials)),
        unread_context=unread_context(bundle),
        unspoken_incidents=_unspoken(trials),
    )


def unread_context(bundle: Bundle) -> tuple[str, ...]:
    """Fields of the minimum context that no rule reads: asked for, and then not used to tell states apart."""
    read = {name for use in bundle.uses if use.role is Role.RULE for name in columns_read(use.condition)}
    return tuple(field.name for field in MINIMUM_CONTEXT if not read & set(field.columns))


def without_rule(bundle: Bundle, index: int) -> Bundle:
    """The bundle without one of its rules."""
    rules = (*bundle.rules[:index], *bundle.rules[index + 1 :])
    playbook = bundle.playbook.model_copy(update={"rules": rules})
    return replace(bundle, playbook=playbook)


def _rules(trials: Trials) -> list[RuleHealth]:
    bundle = trials.bundle
    held = trials.counts([holds_sql(rule.when) for rule in bundle.rules])
    noticed = trials.try_out([_without(bundle, index) for index in range(len(bundle.rules))])
    return [
        RuleHealth(rule.id, moments, cases, each.incident_ids, len(each.cases))
        for rule, (moments, cases), each in zip(bundle.rules, held, noticed, strict=True)
    ]


def _without(bundle: Bundle, index: int) -> Variant:
    rule = bundle.rules[index]
    matters = matters_sql(bundle, rule.supports, "-1")
    return Variant(without_rule(bundle, index), f"{holds_sql(rule.when)} and ({matters})")


def _actions(trials: Trials) -> Iterator[ActionHealth]:
    bundle = trials.bundle
    chosen = trials.counts([f"action = '{name}'" for name in bundle.actions])
    for name, (moments, cases) in zip(bundle.actions, chosen, strict=True):
        why = None if moments else _why_never(trials, name)
        instead = _instead_of(trials, name) if why is NeverChosen.LOWER_RUNG else ()
        gates = _kept_out_by(trials, name) if why is NeverChosen.KEPT_OUT else ()
        yield ActionHealth(name, bundle.rung(name), moments, cases, why, instead, gates)


def _why_never(trials: Trials, name: str) -> NeverChosen:
    bundle = trials.bundle
    supports = [holds_sql(rule.when) for rule in bundle.rules if name in rule.supports]
    if not supports:
        return NeverChosen.NO_RULE
    if not _is_seen(trials, " or ".join(supports)):
        return NeverChosen.NO_POINTS
    if name not in bundle.ladder:
        return NeverChosen.OUTWEIGHED
    if not _is_seen(trials, _is_set("effective", bundle, name)):
        return NeverChosen.TOO_FEW_POINTS
    if not _is_seen(trials, _is_set("admissible", bundle, name)):
        return NeverChosen.KEPT_OUT
    return NeverChosen.LOWER_RUNG


def _instead_of(trials: Trials, name: str) -> tuple[str, ...]:
    """What was recommended where this active action would have been admissible and enough."""
    rows = trials.connection.execute(
        "select distinct action from trial_states"
        f" where case_place is null and {_is_set('admissible', trials.bundle, name)} order by action"
    ).fetchall()
    return tuple(action for (action,) in rows)


def _kept_out_by(trials: Trials, name: str) -> tuple[tuple[str, int], ...]:
    """The gates that were shut where this active action had enough points, in the order of asking."""
    is_set = partial(_is_set, bundle=trials.bundle, name=name)
    gates = {
        "context": "not has_minimum_context",
        "confidence": f"not ({is_set('confident')})",
        "preconditions": f"not ({is_set('prepared')})",
        "policy": is_set("denied"),
    }
    counts = trials.counts([f"{is_set('effective')} and {shut}" for shut in gates.values()])
    return tuple((gate, moments) for gate, (moments, _) in zip(gates, counts, strict=True) if moments)


def _is_seen(trials: Trials, predicate: str) -> bool:
    ((moments, _),) = trials.counts([predicate])
    return moments > 0


def _is_set(mask: str, bundle: Bundle, name: str) -> str:
    return f"({mask} >> {bundle.rung(name) - 1}) & 1 = 1"


def _unspoken(trials: Trials) -> tuple[str, ...]:
    """Incidents at none of whose moments any rule held."""
    spoken = " or ".join(holds_sql(rule.when) for rule in trials.bundle.rules)
    rows = trials.connection.execute(
        "select incident_id from trial_states where case_place is null"
        f" group by incident_id having not bool_or({spoken}) order by incident_id"
    ).fetchall()
    return tuple(incident_id for (incident_id,) in rows)
