"""Owns where a counterexample is looked for: states in which what is at fault is enough and can show.

A proof that failed names its action, and what must then hold: rules that give it the points, its
preconditions, and a condition that turns along one column. A state that meets just that is solved for,
not searched for; every column that nobody asked about stays unknown.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from evidence.decision.bundle import Bundle, Rule, Use
from evidence.decision.bundle import Role as UseRole
from evidence.decision.cells import ELSEWHERE, satisfying
from evidence.decision.checks import Fault
from evidence.decision.condition_parser import parse_condition
from evidence.decision.conditions import COLUMNS, Matches
from evidence.decision.satisfiability import (
    FALSE,
    NOT_FALSE,
    NOT_TRUE,
    TRUE,
    Cell,
    Elsewhere,
    Goal,
    PinnedGoal,
    Undecided,
    Work,
    cells_of,
    find_cell,
    signal_of,
)

WAYS_MAX = 4  # sets of rules that are tried for one action
SUBSETS_MAX = 400  # sets of rules that are looked at to find them
STATES_MAX = 160
TURNS_MAX = 2
QUESTION_MAX = 5_000  # leaves looked at for one state
RAISING = (UseRole.ESCALATION, UseRole.ALSO)
# Rungs differ by confidence and reach alone: as sure as can be, and as narrow.
_FAVOURABLE = {"has_minimum_context": True, "confidence": 100, "blast_radius": 0, "customer_facing_count": 0}
State = dict[str, Any]
Way = tuple[Rule, ...]


def use_at_fault(bundle: Bundle, fault: Fault) -> Use | None:
    """The condition that the fault is about."""
    return next((use for use in bundle.uses if (use.path, use.policy) == (fault.path, fault.policy)), None)


def actions_at_fault(bundle: Bundle, fault: Fault) -> list[str]:
    """Active actions that the fault can decide about, from the lowest rung up."""
    if fault.check == 2:
        return [str(fault.path[1])]
    use = use_at_fault(bundle, fault)
    if use is None or use.role is UseRole.POLICY_INPUT:
        return list(bundle.ladder)
    if use.role is UseRole.ESCALATION:
        scopes = bundle.playbook.escalations[int(use.path[1])].scopes
        return [name for name in bundle.ladder if bundle.actions[name].scope in scopes]
    return [name for name in use.supports if name in bundle.ladder]


def below_with_more(bundle: Bundle, name: str) -> list[str]:
    """Actions on lower rungs whose floor is above that of the action."""
    lower = bundle.ladder[: bundle.ladder.index(name)]
    return [each for each in lower if _floor(bundle, each) > _floor(bundle, name)]


def most_points(bundle: Bundle, name: str) -> int:
    """What all rules together give the action."""
    return sum(rule.supports.get(name, 0) for rule in bundle.rules)


def ways_to(bundle: Bundle, name: str, including: str = "") -> list[Way]:
    """Smallest sets of rules that give the action its points, fewest rules first, at most WAYS_MAX.

    Each holds the rule `including`, without which its points would not be enough.
    """
    rules = [rule for rule in bundle.rules if name in rule.supports]
    rules.sort(key=lambda rule: (rule.id != including, -rule.supports[name]))
    subsets = (subset for size in range(1, len(rules) + 1) for subset in itertools.combinations(rules, size))
    enough = (
        subset
        for subset in itertools.islice(subsets, SUBSETS_MAX)
        if _is_just_enough([rule.supports[name] for rule in subset], bundle.need)
        and (not including or subset[0].id == including)
    )
    return list(itertools.islice(enough, WAYS_MAX))


def _is_just_enough(points: Sequence[int], need: int) -> bool:
    return need <= sum(points) < need + min(points)


def _floor(bundle: Bundle, name: str) -> int:
    return bundle.actions[name].floor or 0


@dataclass(frozen=True)
class Witnesses:
    """States that may show one fault of a bundle along one column."""

    bundle: Bundle
    fault: Fault
    axis: str
    work: Work

    def states(self) -> list[State]:
        """The states, the simplest first and none twice; fewer when the work is spent."""
        found: list[State] = []
        try:
            for goals in itertools.islice(self._questions(), 2 * STATES_MAX):
                state = self._state(goals)
                if state is not None and state not in found:
                    found.append(state)
        except Undecided:
            pass
        return found[:STATES_MAX]

    def _questions(self) -> Iterator[list[Goal]]:
        """What must hold: one action is enough, or that and another one; then with nothing else demanded."""
        names = actions_at_fault(self.bundle, self.fault)
        alone = [goals for name in names for goals in self._enough(name)]
        if self.fault.check != 2:
            yield from alone
        if self._is_about_demands:
            yield from (self._undemanding(goals, names) for goals in alone)
        for name in names:
            for other in self._others(name):
                pairs = itertools.product(self._enough(name), self._enough(other, is_plain=True))
                yield from ([*first, *second] for first, second in pairs)

    def _others(self, name: str) -> list[str]:
        if self.fault.check == 2:
            return below_with_more(self.bundle, name)
        return [other for other in self.bundle.ladder if other != name]

    @cached_property
    def _use(self) -> Use | None:
        return use_at_fault(self.bundle, self.fault)

    @property
    def _is_about_demands(self) -> bool:
        """It shows in who must agree, so that other demands can hide it."""
        return self._use is not None and self._use.role in (*RAISING, UseRole.POLICY_INPUT)

    def _enough(self, name: str, *, is_plain: bool = False) -> list[list[Goal]]:
        """Per way to the action's points what must be true; the condition at fault is asked for by itself."""
        use = self._use
        is_rule = use is not None and use.role is UseRole.RULE and not is_plain
        ways = ways_to(self.bundle, name, use.owner if use is not None and is_rule else "")
        needs = [need.that for need in self.bundle.actions[name].needs]
        apart = use.text if use is not None and use.role in (UseRole.RULE, UseRole.PRECONDITION) else None
        texts = [[*(rule.when for rule in way), *needs] for way in ways]
        return [[(parse_condition(text), TRUE) for text in each if text != apart] for each in texts]

    def _undemanding(self, goals: list[Goal], names: Sequence[str]) -> list[Goal]:
        """The goals, and of what else demands more as much as can be known to be false at once."""
        playbook = self.bundle.playbook
        texts = [each.when for each in playbook.escalations]
        texts += [also.when for name in names for also in self.bundle.actions[name].also]
        kept = list(goals)
        for text in dict.fromkeys(texts):
            more: list[Goal] = [*kept, (parse_condition(text), FALSE)]
            if (self._use is None or text != self._use.text) and self._cell(more) is not None:
                kept = more
        return kept

    # --- how the condition at fault turns

    @cached_property
    def _turns(self) -> list[list[PinnedGoal]]:
        """Pairs of values of the axis at which the condition at fault comes out differently."""
        use = self._use
        if use is None:
            return [[]]
        condition = use.condition
        holds, fails = (NOT_FALSE, FALSE) if use.role in RAISING else (TRUE, NOT_TRUE)
        values = cells_of([condition]).get(self.axis, ())
        pairs: Iterator[list[PinnedGoal]] = (
            [(condition, holds, {self.axis: first}), (condition, fails, {self.axis: second})]
            for first, second in itertools.permutations(values, 2)
        )
        turning = (pair for pair in pairs if find_cell([], pair, work=self.work) is not None)
        return list(itertools.islice(turning, TURNS_MAX)) or [[]]

    # --- solving

    def _state(self, goals: Sequence[Goal]) -> State | None:
        cell = self._cell(goals)
        return None if cell is None else {**_FAVOURABLE, **_as_columns(cell)}

    def _cell(self, goals: Sequence[Goal]) -> Cell | None:
        """The first part of a state that meets the goals and in which the condition at fault turns."""
        cells = (self._solved(goals, turn) for turn in self._turns)
        return next((cell for cell in cells if cell is not None), None)

    def _solved(self, goals: Sequence[Goal], turn: Sequence[PinnedGoal]) -> Cell | None:
        """None also where the question is too large. Raises Undecided when the work is spent as a whole."""
        allowed = Work(QUESTION_MAX)
        preferred = _preferred([*goals, *((condition, wanted) for condition, wanted, _ in turn[:1])])
        try:
            return find_cell(goals, turn, preferred=preferred, work=allowed)
        except Undecided:
            return None
        finally:
            self.work.spend(QUESTION_MAX - max(allowed.left, 0))


def _preferred(goals: Sequence[Goal]) -> Cell:
    """Values that the conditions name, by cell name: a witness at a bundle's own constants reads best."""
    return {
        name: value
        for condition, wanted in goals
        for name, value in satisfying(condition, wanted <= NOT_FALSE).items()
        if name != "signal_names"
    }


def _as_columns(cell: Cell) -> State:
    """The cell as columns of a state; the names of signals are one column."""
    state = {name: _text(value) for name, value in cell.items() if name in COLUMNS}
    signals = sorted(signal_of(name) for name, value in cell.items() if name not in COLUMNS and value)
    return {**state, "signal_names": tuple(signals)}


def _text(value: Any) -> Any:
    """A text that matches the patterns as near as can be told; any other value as it is."""
    if not isinstance(value, Elsewhere):
        return value
    patterns = sorted(leaf.pattern.strip("%^$") for leaf in value.matched if isinstance(leaf, Matches))
    return "".join(patterns) or ELSEWHERE
