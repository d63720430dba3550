"""Finds two states that show why a bundle is refused: alike but for one column, decided the wrong way round.

The refused bundle is run through the real kernel on states that were solved for (witnesses), so that the
counterexample is what would have happened and not a sentence prepared in advance. How many states are
decided is bounded: the fault stands whether or not one of them shows it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from evidence.decision.bundle import Bundle
from evidence.decision.bundle import Role as UseRole
from evidence.decision.cells import Values, cut_values
from evidence.decision.checks import Fault
from evidence.decision.codes import Recommendation, decode
from evidence.decision.conditions import COLUMNS, columns_read
from evidence.decision.kernel import Kernel
from evidence.decision.matrix import MODES
from evidence.decision.satisfiability import Work, cells_of
from evidence.decision.states import register_states
from evidence.decision.witnesses import (
    State,
    Witnesses,
    actions_at_fault,
    below_with_more,
    most_points,
    use_at_fault,
)
from evidence.tables import open_memory
from expectations.contracts import Role

STATES_MAX = 6_000  # states decided for all faults of a bundle
WORK_MAX = 200_000  # leaves looked at to find them
CHANGES_MAX = 2  # columns behind the policies' inputs that are moved at once
# Groups of states that every fault may try in one pass: most show at once, and a pass has its price.
_ROUNDS = (8, 64, 512)
# From where less may be done to where more is at stake; along ageing columns nothing may change at all.
_SAFER_TO_RISKIER = ("confidence", "blast_radius", "customer_facing_count")


Group = tuple[str, list[State]]  # a column, and states that differ in it alone, in the order of risk


def counterexamples(bundle: Bundle, faults: Sequence[Fault]) -> list[Shown]:
    """What there is to show for each fault that breaks a compile check, in the order of `faults`.

    All are looked for together, a round at a time, and share STATES_MAX evenly.
    """
    searches = [_Search(bundle, fault, WORK_MAX // max(1, len(faults))) for fault in faults]
    tried = 0
    for size in _ROUNDS:
        open_ones = [each for each in searches if each.is_open]
        batches = [each.next_groups(size, (STATES_MAX - tried) // len(open_ones)) for each in open_ones]
        tried += sum(len(states) for groups in batches for _, states in groups)
        decided = iter(_decide(bundle, [state for groups in batches for _, each in groups for state in each]))
        for search, groups in zip(open_ones, batches, strict=True):
            search.look_at([(axis, [(state, next(decided)) for state in each]) for axis, each in groups])
    return [each.shown() for each in searches]


@dataclass(frozen=True, slots=True)
class Shown:
    """A counterexample, or that there is none, in words (empty where none is due); and the states it took."""

    words: str
    tried: int


class _Search:
    """The search for one fault: what it has tried, and the groups of states that come next."""

    def __init__(self, bundle: Bundle, fault: Fault, work_max: int) -> None:
        self.bundle, self.fault = bundle, fault
        self.found, self.tried = "", 0
        self.is_open = bool(fault.check)
        self._work = Work(work_max)
        self._groups = self._all_groups()

    def _all_groups(self) -> Iterator[Group]:
        for axis in _axes(self.fault):
            along = _values_along(self.bundle, self.fault, axis)
            states = Witnesses(self.bundle, self.fault, axis, self._work).states()
            for state in _varied(self.bundle, states, axis):
                yield axis, [{**state, axis: at} for at in along]

    def next_groups(self, groups_max: int, states_max: int) -> list[Group]:
        """The next groups, within both limits; none, and the search is over, when there are no more."""
        taken: list[Group] = []
        for _, group in zip(range(groups_max), self._groups, strict=False):
            states_max -= len(group[1])
            if states_max < 0:
                break
            taken.append(group)
        self.is_open = bool(taken) and states_max >= 0
        self.tried += sum(len(states) for _, states in taken)
        return taken

    def look_at(self, groups: Sequence[tuple[str, list[tuple[State, Recommendation]]]]) -> None:
        """Keep the first two states of a group that were decided the wrong way round."""
        for axis, group in groups:
            for first, second in itertools.combinations(group, 2):
                if not may_follow(first[1], second[1], axis):
                    self.found = _sentence(first[0], second[0], first[1], second[1], axis)
                    self.is_open = False
                    return

    def shown(self) -> Shown:
        """What came of it."""
        if not self.fault.check:
            return Shown("", 0)
        words = (
            f"Counterexample: {self.found}" if self.found else _without(self.bundle, self.fault, self.tried)
        )
        return Shown(words, self.tried)


def _without(bundle: Bundle, fault: Fault, tried: int) -> str:
    """What is said where nothing was found: why it cannot be, or how far was looked."""
    names = actions_at_fault(bundle, fault)
    points = {name: most_points(bundle, name) for name in names}
    if names and all(most < bundle.need for most in points.values()):
        name, most = max(points.items(), key=lambda each: each[1])
        return (
            f"No counterexample yet: all rules together give {name} {most} of the {bundle.need} points that "
            "it needs. The proof above fails all the same: one more rule would bring a counterexample out"
        )
    if not tried:
        return "No state was found in which it could show; the proof above fails all the same"
    return f"No counterexample among {tried:,} states tried; the proof above fails all the same"


def _axes(fault: Fault) -> list[str]:
    """Columns along which the decision is compared: the graded or ageing ones that the fault reads."""
    read = [name for name in fault.columns if COLUMNS[name].role in (Role.GRADED, Role.AGEING)]
    return sorted(read) or ["confidence"]


def _values_along(bundle: Bundle, fault: Fault, axis: str) -> Values:
    """Values of the column at which the fault can turn a decision, from the safest to the riskiest."""
    if fault.check == 2:
        name = str(fault.path[1])
        floors = {bundle.actions[each].floor or 0 for each in below_with_more(bundle, name)}
        return (100, *sorted({floor - 1 for floor in floors}, reverse=True))
    use = use_at_fault(bundle, fault)
    own = {value for value in cells_of([use.condition])[axis] if value is not None} if use else set()
    if axis == "confidence":
        return tuple(sorted(own | {100, 0}, reverse=True))
    if axis in _SAFER_TO_RISKIER:
        return (*sorted(own | {0}), None)
    return tuple(sorted(own))


def _varied(bundle: Bundle, states: Sequence[State], axis: str) -> Iterator[State]:
    """The states, then with one column behind a policy's input moved, then with two: the nearest first.

    A policy must let an action through before anything shows, and what it must know nobody has asked for.
    """
    cuts = cut_values(bundle)
    columns = {name: cuts[name] for name in sorted(_policy_columns(bundle) - {axis}) if name in cuts}
    known = [{**{name: values[0] for name, values in columns.items()}, **state} for state in states]
    for count in range(CHANGES_MAX + 1):
        for state in known:
            for names in itertools.combinations(columns, count):
                others = ([value for value in columns[name] if value != state[name]] for name in names)
                for values in itertools.product(*others):
                    yield {**state, **dict(zip(names, values, strict=True))}


def _policy_columns(bundle: Bundle) -> set[str]:
    """Columns behind the policies' inputs."""
    inputs = [declared for policy in bundle.policies for declared in policy.declaration.inputs.values()]
    columns = {declared.column for declared in inputs if declared.column is not None}
    for use in bundle.uses:
        if use.role is UseRole.POLICY_INPUT:
            columns |= columns_read(use.condition)
    return columns


def _decide(bundle: Bundle, states: Sequence[State]) -> list[Recommendation]:
    if not states:
        return []
    connection = open_memory()
    try:
        register_states(connection, "cells", states)
        Kernel.of([bundle]).run(connection, "cells")
        codes = connection.execute("select code_0 from kernel_codes order by incident_id").fetchall()
    finally:
        connection.close()
    return [decode(bundle, code) for (code,) in codes]


def may_follow(safer: Recommendation, riskier: Recommendation, axis: str) -> bool:
    """Whether the second decision may follow from the first by less confidence or a wider blast radius."""
    if axis not in _SAFER_TO_RISKIER:
        return safer == riskier
    if not riskier.is_active:
        return axis == "confidence" or not safer.is_active
    is_stronger = MODES.index(riskier.mode) >= MODES.index(safer.mode)
    return riskier.action == safer.action and is_stronger and set(safer.approvers) <= set(riskier.approvers)


def _sentence(first: State, second: State, before: Recommendation, after: Recommendation, axis: str) -> str:
    shown = {
        name: value
        for name, value in sorted(first.items())
        if name != axis and name != "has_minimum_context" and value
    }
    where = ", ".join(f"{name}={_shown(value)}" for name, value in shown.items())
    sides = ((first, before), (second, after))
    gives = ", ".join(f"{axis}={_shown(cell[axis])} gives {decision_words(each)}" for cell, each in sides)
    return f"where {where or 'nothing else is known'}: {gives}"


def decision_words(recommendation: Recommendation) -> str:
    """Action, mode and approvers."""
    by = f", {' and '.join(recommendation.approvers)}" if recommendation.approvers else ""
    return f"{recommendation.action} ({recommendation.mode}{by})"


def _shown(value: Any) -> str:
    return (
        "unknown"
        if value is None
        else "[" + ", ".join(value) + "]"
        if isinstance(value, tuple)
        else str(value)
    )
