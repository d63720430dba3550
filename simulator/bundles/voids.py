"""Owns what has no meaning in a hybrid of two bundles, and what stands in its place to decide it at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from typing import Any

from evidence.decision.bundle import LastResorts, Rule
from evidence.decision.matrix import Action
from simulator.bundles.bundle_parts import PartPath

Sections = dict[str, Any]
Taken = frozenset[PartPath]


def voided(old: Sections, new: Sections, taken: Taken, mix: Callable[[Taken], Sections]) -> Sections:
    """The sections that `mix` gives for `taken`, without what is void in them.

    The rules are those of `simulator.bundles.clauses.hybrid`. A mixture of valid bundles that lacks
    nothing is returned as it is.
    """
    taken -= frozenset(_void_removals(old, new, taken))
    mixed = mix(taken)
    actions = {name: _without_loose_guardrails(action) for name, action in mixed["actions"].items()}
    absent = (old["actions"].keys() | new["actions"].keys()) - actions.keys()
    return {
        **mixed,
        "actions": actions,
        "rules": {name: _without_absent_actions(rule, absent) for name, rule in mixed["rules"].items()},
        "last_resorts": _resorts_that_are_there(old, new, mixed["last_resorts"], actions),
        "approvers": {**_named_roles(old, new, actions), **mixed["approvers"]},
    }


def _void_removals(old: Sections, new: Sections, taken: Taken) -> Iterator[PartPath]:
    """Clauses that would leave a last resort without any passive action to name."""
    for field in LastResorts.model_fields:
        names = (getattr(old["last_resorts"], field), getattr(new["last_resorts"], field))
        if not any(_is_passive(old, new, taken, name) for name in names):
            yield ("actions", names[0])


def _is_passive(old: Sections, new: Sections, taken: Taken, name: str) -> bool:
    before: Action | None = old["actions"].get(name)
    after: Action | None = new["actions"].get(name)
    is_exchanged = before is None or after is None or before.is_active is not after.is_active
    action = after if is_exchanged and ("actions", name) in taken else before
    return action is not None and not action.is_active


def _resorts_that_are_there(
    old: Sections, new: Sections, wanted: LastResorts, actions: dict[str, Action]
) -> LastResorts:
    replaced = {}
    for field, name in wanted:
        if name not in actions or actions[name].is_active:
            others = (getattr(old["last_resorts"], field), getattr(new["last_resorts"], field))
            replaced[field] = next(each for each in others if each in actions and not actions[each].is_active)
    return wanted.model_copy(update=replaced) if replaced else wanted


def _without_absent_actions(rule: Rule, absent: Set[str]) -> Rule:
    if absent.isdisjoint(rule.supports):
        return rule
    supports = {name: points for name, points in rule.supports.items() if name not in absent}
    return rule.model_copy(update={"supports": supports})


def _without_loose_guardrails(action: Action) -> Action:
    if not action.guardrails:
        return action
    held = {need.id for need in action.needs}
    kept = tuple(each for each in action.guardrails if each.held_by is None or each.held_by in held)
    return action if len(kept) == len(action.guardrails) else action.model_copy(update={"guardrails": kept})


def _named_roles(old: Sections, new: Sections, actions: dict[str, Action]) -> dict[str, Any]:
    """Entries of every role that an action names, the baseline's where both have one."""
    named = {role for action in actions.values() for role in action.approvers}
    named |= {role for action in actions.values() for also in action.also for role in also.approvers}
    either = {**new["approvers"], **old["approvers"]}
    return {role: either[role] for role in sorted(named) if role in either}
