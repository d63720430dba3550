"""Owns what a bundle allows an action in one state, in plain Python: a second reading beside the kernel.

Follows the definition word by word, one state and one action at a time, from the bundle's own models.
It shares the parser of conditions, the policies and the form of their question with the kernel, and
neither its keys, masks nor codes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from evidence.decision import Bundle
from evidence.decision.condition_parser import parse_condition
from evidence.decision.conditions import COLUMNS, columns_read
from evidence.decision.matrix import MODES, Mode
from evidence.decision.policies import OTHER, Policy, PolicyInput, Value, Verdict, request_of
from expectations.contracts import ColumnType
from expectations.minimum_context import MINIMUM_CONTEXT
from simulator.faults.truth import State, truth

_parsed = cache(parse_condition)

Given = tuple[tuple[str, Value | None], ...]


class Allowances:
    """What one bundle allows. Answers of policies are kept, because asking Rego is slow."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._verdicts: dict[tuple[str, str, tuple[str, ...], Given], Verdict] = {}

    @property
    def proposal_count(self) -> int:
        """Distinct proposals that policies were asked about."""
        return len(self._verdicts)

    def effect(self, name: str, state: State) -> int:
        """Points of the matching rules that support the action."""
        return sum(
            rule.supports.get(name, 0)
            for rule in self.bundle.rules
            if name in rule.supports and truth(_parsed(rule.when), state) is True
        )

    def failed_preconditions(self, name: str, state: State) -> list[str]:
        """Ids of the action's preconditions that are not known to be true."""
        needs = self.bundle.actions[name].needs
        return [need.id for need in needs if truth(_parsed(need.that), state) is not True]

    def approvers(self, name: str, state: State) -> tuple[str, ...]:
        """Roles that must approve when approval is asked for, sorted."""
        action = self.bundle.actions[name]
        roles = set(action.approvers)
        for also in action.also:
            if truth(_parsed(also.when), state) is not False:
                roles |= set(also.approvers)
        return tuple(sorted(roles))

    def demands(self, name: str, state: State) -> list[tuple[Mode, str]]:
        """Every mode that the action must have at least, each with what demands it."""
        action = self.bundle.actions[name]
        found = [(action.mode, "the action matrix")]
        if not action.is_active:
            return found
        if (state["confidence"] or 0) < (action.auto_from or 0):
            found.append((Mode.APPROVAL_REQUIRED, f"confidence below {action.auto_from}"))
        blast = state["blast_radius"]
        if blast is None or blast > (action.auto_blast or 0):
            found.append((Mode.APPROVAL_REQUIRED, f"blast radius unknown or above {action.auto_blast}"))
        found += [
            (escalation.mode, f"escalation {escalation.id}")
            for escalation in self.bundle.playbook.escalations
            if action.scope in escalation.scopes and truth(_parsed(escalation.when), state) is not False
        ]
        return found + [
            (Mode.APPROVAL_REQUIRED, f"policy {policy.name}")
            for policy in self.bundle.policies
            if self.verdict(policy, name, state) is Verdict.NEEDS_APPROVAL
        ]

    def denying_policies(self, name: str, state: State) -> list[str]:
        """Names of the policies that deny the action even with every approval that it needs."""
        return [
            policy.name
            for policy in self.bundle.policies
            if self.verdict(policy, name, state) is Verdict.DENIED
        ]

    def verdict(self, policy: Policy, name: str, state: State) -> Verdict:
        """The strictest verdict over everything that an unknown input could be."""
        roles = self.approvers(name, state)
        declared = sorted(policy.declaration.inputs.items())
        given = tuple((each, _input_value(source, state)) for each, source in declared)
        question = (policy.name, name, roles, given)
        if question not in self._verdicts:
            self._verdicts[question] = self._strictest(policy, name, roles, given)
        return self._verdicts[question]

    def _strictest(self, policy: Policy, name: str, roles: tuple[str, ...], given: Given) -> Verdict:
        is_denied_without = False
        for completion in _completions(policy.declaration.inputs, given):
            if policy.ask(request_of(name, self.bundle.actions[name], roles, completion)):
                return Verdict.DENIED
            is_denied_without |= bool(policy.ask(request_of(name, self.bundle.actions[name], (), completion)))
        return Verdict.NEEDS_APPROVAL if is_denied_without else Verdict.ALLOW


def missing_context(state: State) -> list[str]:
    """Fields of the minimum context of which no column is known, whatever the state says of itself."""
    return [field.name for field in MINIMUM_CONTEXT if all(state[column] is None for column in field.columns)]


def strictest(demands: list[tuple[Mode, str]]) -> tuple[Mode, str]:
    """The most demanding mode, with the first that demands it."""
    return max(demands, key=lambda demand: MODES.index(demand[0]))


def columns_of(bundle: Bundle) -> list[str]:
    """Columns of a state that the bundle's allowances depend on, in order of name."""
    read = {"confidence", "blast_radius", "has_minimum_context"}
    read |= {column for field in MINIMUM_CONTEXT for column in field.columns}
    for use in bundle.uses:
        read |= columns_read(use.condition)
    for policy in bundle.policies:
        read |= {each.column for each in policy.declaration.inputs.values() if each.column is not None}
    return sorted(read)


def _input_value(declared: PolicyInput, state: State) -> Value | None:
    if declared.that is not None:
        return truth(_parsed(declared.that), state)
    column = COLUMNS[str(declared.column)]
    value: Any = state[column.name]
    if value is None or column.type is ColumnType.BOOLEAN:
        return None if value is None else bool(value)
    if declared.values:
        return str(value) if value in declared.values else OTHER
    return str(value) if value in column.allowed else None


def _completions(inputs: Mapping[str, PolicyInput], given: Given) -> Iterator[dict[str, Value]]:
    """Every way in which what is unknown could be: each value that it can have, and absent."""
    choices: list[tuple[Value | None, ...]] = [
        (None, *inputs[name].domain) if value is None else (value,) for name, value in given
    ]
    for values in itertools.product(*choices):
        yield {name: value for (name, _), value in zip(given, values, strict=True) if value is not None}
