"""Owns where a policy demands less of an action than before, found by asking it about every declared input.

Verdicts are ordered allow < needs approval < denied. All cells of the columns behind the inputs are tried,
and of the conditions of also clauses, because a policy sees who would approve.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evidence.decision.conditions import COLUMNS, Condition, Known, OneOf
from evidence.decision.matrix import Action, required_approvers
from evidence.decision.policies import OTHER, Policy, PolicyInput, Value, Verdict, request_of
from evidence.decision.satisfiability import FALSE, NOT_FALSE, Cell, Undecided, cells_of, outcomes
from expectations.contracts import ColumnType
from simulator.weakening.restated import EVERYWHERE, UNSEARCHED, Restating, shown

CELLS_MAX = 20_000
VERDICTS = tuple(Verdict)


@dataclass(frozen=True, slots=True)
class PolicyGap:
    """A state in which less is demanded; `witness` says so where there were too many states to try."""

    before: Verdict
    after: Verdict
    witness: str


@dataclass
class Verdicts:
    """What policies say, each distinct request asked once, because asking Rego is slow."""

    _answers: dict[tuple[Any, ...], bool] = field(default_factory=dict)
    _verdicts: dict[tuple[Any, ...], Verdict] = field(default_factory=dict)

    def verdict(
        self,
        policy: Policy,
        name: str,
        action: Action,
        roles: tuple[str, ...],
        inputs: Mapping[str, Value | None],
    ) -> Verdict:
        """The strictest over everything that an unknown input could be, absent included."""
        asked = (action.request, action.scope, action.undo, action.option, roles)
        key = (policy.digest, name, *asked, tuple(inputs.items()))
        if key not in self._verdicts:
            self._verdicts[key] = self._strictest(policy, name, action, roles, inputs)
        return self._verdicts[key]

    def _strictest(
        self,
        policy: Policy,
        name: str,
        action: Action,
        roles: tuple[str, ...],
        inputs: Mapping[str, Value | None],
    ) -> Verdict:
        declared = policy.declaration.inputs
        choices = [
            (*declared[each].domain, None) if value is None else (value,) for each, value in inputs.items()
        ]
        is_denied_without = False
        for values in itertools.product(*choices):
            completion = {
                each: value for each, value in zip(inputs, values, strict=True) if value is not None
            }
            if self._is_denied(policy, name, action, roles, completion):
                return Verdict.DENIED
            is_denied_without |= self._is_denied(policy, name, action, (), completion)
        return Verdict.NEEDS_APPROVAL if is_denied_without else Verdict.ALLOW

    def _is_denied(
        self,
        policy: Policy,
        name: str,
        action: Action,
        roles: tuple[str, ...],
        completion: Mapping[str, Value],
    ) -> bool:
        asked = (action.request, action.scope, action.undo, action.option, roles)
        key = (policy.digest, name, *asked, tuple(sorted(completion.items())))
        if key not in self._answers:
            self._answers[key] = bool(policy.ask(request_of(name, action, roles, completion)))
        return self._answers[key]


@dataclass(frozen=True)
class PolicySide:
    """One bundle's side of a comparison: its policies that count, an action of it, and its grading."""

    policies: Sequence[Policy]
    name: str
    action: Action
    restating: Restating

    def conditions(self) -> Iterator[Condition]:
        """Everything that the verdict depends on, in facts."""
        for policy in self.policies:
            for declared in policy.declaration.inputs.values():
                yield self._condition(declared)
        for also in self.action.also:
            yield self.restating.of(also.when)

    def verdict(self, verdicts: Verdicts, cell: Cell) -> Verdict:
        """The strictest of the policies where the columns have these values."""
        mask = sum(
            (False not in outcomes(self.restating.of(also.when), cell)) << bit
            for bit, also in enumerate(self.action.also)
        )
        roles = required_approvers(self.action, mask)
        said = [
            verdicts.verdict(policy, self.name, self.action, roles, self._inputs(policy, cell))
            for policy in self.policies
        ]
        return max(said, key=VERDICTS.index, default=Verdict.ALLOW)

    def _inputs(self, policy: Policy, cell: Cell) -> dict[str, Value | None]:
        return {
            name: self._value(declared, cell) for name, declared in sorted(policy.declaration.inputs.items())
        }

    def _value(self, declared: PolicyInput, cell: Cell) -> Value | None:
        if declared.column is None or COLUMNS[declared.column].type is ColumnType.BOOLEAN:
            (found,) = outcomes(self._condition(declared), cell)
            return found
        value: Value | None = cell[declared.column]
        return OTHER if declared.values and value is not None and value not in declared.values else value

    def _condition(self, declared: PolicyInput) -> Condition:
        """A condition that reads what the input reads, and cuts it where the input does."""
        if declared.that is not None:
            return self.restating.of(declared.that)
        column = str(declared.column)
        if COLUMNS[column].type is ColumnType.BOOLEAN:
            return self.restating.of(column)
        return OneOf(column, declared.values) if declared.values else Known(column)


def policy_gaps(verdicts: Verdicts, before: PolicySide, after: PolicySide) -> Iterator[PolicyGap]:
    """One gap per pair of verdicts of which the later demands less, with the first state that shows it."""
    if not before.action.is_active:
        return
    conditions = [*before.conditions(), *(after.conditions() if after.action.is_active else ())]
    try:
        states = states_of(conditions)
    except Undecided:
        yield PolicyGap(Verdict.DENIED, Verdict.ALLOW, UNSEARCHED)
        return
    found: set[tuple[Verdict, Verdict]] = set()
    for cell in states:
        old = before.verdict(verdicts, cell)
        if old is Verdict.ALLOW:
            continue
        new = after.verdict(verdicts, cell) if after.action.is_active else Verdict.ALLOW
        if VERDICTS.index(new) < VERDICTS.index(old) and (old, new) not in found:
            found.add((old, new))
            yield PolicyGap(old, new, shown(cell) or EVERYWHERE)


def asking_state(
    verdicts: Verdicts, side: PolicySide, wanted: Sequence[Condition], covers: Sequence[Condition]
) -> str | None:
    """A state in which the policies ask for an approval, all of `wanted` hold and no cover does; else None.

    UNSEARCHED where there are too many states to try.
    """
    try:
        states = states_of([*side.conditions(), *wanted, *covers])
    except Undecided:
        return UNSEARCHED
    for cell in states:
        is_meant = all(outcomes(each, cell) <= NOT_FALSE for each in wanted) and all(
            outcomes(each, cell) <= FALSE for each in covers
        )
        if is_meant and side.verdict(verdicts, cell) is Verdict.NEEDS_APPROVAL:
            return shown(cell) or EVERYWHERE
    return None


def states_of(conditions: Sequence[Condition]) -> Iterator[Cell]:
    """Every cell of the columns that the conditions read. Raises Undecided when they are too many."""
    cells = cells_of(conditions)
    if math.prod(map(len, cells.values())) > CELLS_MAX:
        raise Undecided
    return (dict(zip(cells, values, strict=True)) for values in itertools.product(*cells.values()))
