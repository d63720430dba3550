"""Owns what can matter to a decision near a state: the conditions that few changed facts could turn.

A rule that cannot come to hold says nothing, and of an action that cannot come to its points nothing is
asked. Both go by lower bounds of the changes that it takes, so that nothing is left out that matters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

from evidence.decision.bundle import Bundle
from evidence.decision.condition_parser import parse_condition
from evidence.decision.conditions import (
    COLUMNS,
    And,
    Compare,
    Condition,
    HasSignal,
    Known,
    Not,
    Or,
    columns_read,
)
from evidence.decision.matrix import Action
from evidence.decision.policies import PolicyInput
from evidence.decision.satisfiability import Undecided, cell_name, cells_of, measured, outcomes
from expectations.contracts import ColumnType
from expectations.minimum_context import MINIMUM_CONTEXT

State = Mapping[str, Any]
EVERYTHING = 10**6  # more changes than there are facts
# What the grading makes of a measure and its threshold.
MEASURES = {
    "error_rate_ppm": "is_error_rate_over_policy",
    "latency_ms": "is_latency_over_policy",
    "resource_pressure_ppm": "is_resource_pressure_over_policy",
}


def conditions_near(bundle: Bundle, state: State, changes_max: int) -> list[Condition]:
    """The conditions that can come out otherwise, and make a difference, within so many changes."""
    rules = [
        rule
        for rule in bundle.rules
        if fewest_changes(_restated(bundle, rule.when), state, wanted=True) <= changes_max
    ]
    points = {name: sum(rule.supports.get(name, 0) for rule in rules) for name in bundle.ladder}
    reached = [bundle.actions[name] for name in bundle.ladder if points[name] >= bundle.need]
    return [
        *(_restated(bundle, rule.when) for rule in rules),
        *_context_near(state, changes_max),
        *(_asked_of(bundle, reached) if reached else ()),
    ]


def reads_measures(bundle: Bundle) -> bool:
    """Whether the bundle reads a measure itself: then whether it is over policy follows from it."""
    return any(columns_read(use.condition) & set(MEASURES) for use in bundle.uses)


def value_at(leaf: Condition, state: State) -> Any:
    """What the leaf reads of the state: a column's value, or whether the signal has arrived."""
    if isinstance(leaf, HasSignal):
        return leaf.name in state["signal_names"]
    return state[cell_name(leaf)]


def fewest_changes(condition: Condition, state: State, *, wanted: bool) -> int:
    """A lower bound of how many facts must change for the condition to be known as `wanted`."""
    match condition:
        case Not(operand):
            return fewest_changes(operand, state, wanted=not wanted)
        case And(left, right) | Or(left, right):
            both = [fewest_changes(each, state, wanted=wanted) for each in (left, right)]
            if isinstance(condition, Or) is wanted:
                return min(both)
            # What both read may turn both at once.
            return max(both) if columns_read(left) & columns_read(right) else sum(both)
    at = {cell_name(condition): value_at(condition, state)}
    if outcomes(condition, at) == {wanted}:
        return 0
    return 1 if wanted in _outcomes_anywhere(condition) else EVERYTHING


def _outcomes_anywhere(leaf: Condition) -> frozenset[bool | None]:
    try:
        ((name, values),) = cells_of([leaf]).items()
    except Undecided:
        return outcomes(leaf, {})
    return frozenset().union(*(outcomes(leaf, {name: value}) for value in values))


def _context_near(state: State, changes_max: int) -> Iterator[Condition]:
    """The minimum context set as a condition, where so many changes can complete or break it."""
    fields: list[Condition] = [_any_known(field.columns) for field in MINIMUM_CONTEXT]
    context = reduce(And, fields)
    is_complete = fewest_changes(context, state, wanted=True) == 0
    if fewest_changes(context, state, wanted=not is_complete) <= changes_max:
        yield context


def _any_known(columns: Sequence[str]) -> Condition:
    known: list[Condition] = [Known(name) for name in columns]
    return reduce(Or, known)


def _asked_of(bundle: Bundle, reached: Sequence[Action]) -> Iterator[Condition]:
    """What is asked of actions that can come to their points: gates, reasons for approval, policies."""
    texts = [need.that for action in reached for need in action.needs]
    texts += [also.when for action in reached for also in action.also]
    scopes = {action.scope for action in reached}
    texts += [each.when for each in bundle.playbook.escalations if scopes & set(each.scopes)]
    yield from (_restated(bundle, text) for text in texts)
    for policy in bundle.policies:
        for declared in policy.declaration.inputs.values():
            yield from _behind(bundle, declared)
    for action in reached:
        yield Compare("confidence", ">=", action.floor or 0)
        yield Compare("confidence", ">=", action.auto_from or 0)
        yield Compare("blast_radius", "<=", action.auto_blast or 0)


def _behind(bundle: Bundle, declared: PolicyInput) -> Iterator[Condition]:
    """Conditions that tell the values of a policy's input apart."""
    if declared.that is not None:
        yield _restated(bundle, declared.that)
    elif declared.column is not None and COLUMNS[declared.column].type is ColumnType.BOOLEAN:
        yield _restated(bundle, declared.column)
    elif declared.column is not None:
        for value in declared.values or COLUMNS[declared.column].allowed:
            yield Compare(declared.column, "=", value)


def _restated(bundle: Bundle, text: str) -> Condition:
    """The condition; 'over policy' as the measure above its threshold where the bundle reads measures."""
    condition = parse_condition(text)
    return measured(condition, bundle.grading.thresholds) if reads_measures(bundle) else condition
