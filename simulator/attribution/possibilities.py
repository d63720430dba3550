"""Owns what can be the case in one incident under any hybrid of two bundles: bounds that hold for all.

Rows are the moments up to the horizon, with the ticks of both bundles, as bits of an integer (the first
moment lowest). Two gradings bound all others: one that takes every figure from whichever bundle lowers
confidence, severity and impact, and one that raises them. Columns in which the two differ *vary*.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from evidence.decision import Bundle, Rule
from evidence.decision.condition_parser import parse_condition
from evidence.decision.conditions import columns_read
from evidence.decision.matrix import BOUNDED_OPTIONS, Action
from evidence.enrichment.grading import Grading
from simulator.attribution.key_decisions import Key, KeyDecider

Rows = int
_RAISING_LESS = ("gap_points", "gap_points_max", "contradiction_points")


def extreme_gradings(baseline: Grading, candidate: Grading) -> tuple[Grading, Grading]:
    """The gradings that lower and that raise everything, with the ticks of both."""
    ticks = tuple(sorted({*baseline.tick_minutes, *candidate.tick_minutes}))
    both = [grading.model_dump() for grading in (baseline, candidate)]
    low, high = (_extreme(*both, is_raised=is_raised) for is_raised in (False, True))
    low["tick_minutes"] = high["tick_minutes"] = ticks
    return Grading.model_validate(low), Grading.model_validate(high)


def _extreme(old: dict[str, object], new: dict[str, object], *, is_raised: bool) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in old.items():
        other = new[name]
        if isinstance(value, dict) and isinstance(other, dict):
            # Over policy is above a threshold, so that a lower one raises.
            found[name] = _extreme(value, other, is_raised=is_raised is not (name == "thresholds"))
        elif isinstance(value, int) and isinstance(other, int):
            pick = max if is_raised is not (name in _RAISING_LESS) else min
            found[name] = pick(value, other)
    return found


@dataclass(frozen=True)
class Possibilities:
    """Bounds of one incident. `low` and `high` are its keys under the two extreme gradings, row by row."""

    baseline: Bundle
    candidate: Bundle
    decider: KeyDecider
    low: Sequence[Key]
    high: Sequence[Key]
    varying: frozenset[str]
    _held: dict[tuple[str, bool], Rows] = field(default_factory=dict, repr=False)
    _matched: dict[str, Rows] = field(default_factory=dict, repr=False)

    @cached_property
    def all_rows(self) -> Rows:
        """Every row."""
        return (1 << len(self.low)) - 1

    @cached_property
    def with_context(self) -> Rows:
        """Rows whose minimum context is complete."""
        return _rows(key.has_context for key in self.low)

    def may_hold(self, text: str, *, is_raising: bool = False) -> Rows:
        """Rows at which the condition, closed by its role, can hold under some hybrid."""
        return self.all_rows if self.varies(text) else self._holding(text, is_raising=is_raising)

    def must_hold(self, text: str, *, is_raising: bool = False) -> Rows:
        """Rows at which it holds under every hybrid."""
        return 0 if self.varies(text) else self._holding(text, is_raising=is_raising)

    def varies(self, text: str) -> bool:
        """Whether the condition reads a column that hybrids can grade differently here."""
        return not self.varying.isdisjoint(columns_read(parse_condition(text)))

    def _holding(self, text: str, *, is_raising: bool) -> Rows:
        asked = (text, is_raising)
        if asked not in self._held:
            bit = self.decider.bit(text, is_raising=is_raising)
            self._held[asked] = _rows(bool(key.bits & bit) for key in self.low)
        return self._held[asked]

    # --- points

    @cached_property
    def actions(self) -> dict[str, tuple[Action | None, Action | None]]:
        """Both bundles' versions of every action."""
        names = dict.fromkeys((*self.baseline.actions, *self.candidate.actions))
        return {name: (self.baseline.actions.get(name), self.candidate.actions.get(name)) for name in names}

    def is_stable(self, name: str) -> bool:
        """Both bundles have the action, and both as passive or both as active."""
        before, after = self.actions[name]
        return before is not None and after is not None and before.is_active is after.is_active

    def can_be_active(self, name: str) -> bool:
        """Some hybrid has it as an active action."""
        return any(action is not None and action.is_active for action in self.actions[name])

    def can_be_passive(self, name: str) -> bool:
        """Some hybrid has it as a passive action."""
        return any(action is not None and not action.is_active for action in self.actions[name])

    @cached_property
    def rules(self) -> dict[str, tuple[Rule | None, Rule | None]]:
        """Both bundles' versions of every rule."""
        before = {rule.id: rule for rule in self.baseline.rules}
        after = {rule.id: rule for rule in self.candidate.rules}
        return {name: (before.get(name), after.get(name)) for name in dict.fromkeys((*before, *after))}

    def may_match(self, name: str) -> Rows:
        """Rows at which some version of the rule can match."""
        if name not in self._matched:
            found = 0
            for rule in self.rules[name]:
                found |= self.may_hold(rule.when) if rule is not None else 0
            self._matched[name] = found
        return self._matched[name]

    def must_match(self, name: str) -> Rows:
        """Rows at which the rule matches under every hybrid."""
        before, after = self.rules[name]
        if before is None or after is None:
            return 0
        return self.must_hold(before.when) & self.must_hold(after.when)

    @cached_property
    def points(self) -> dict[str, list[tuple[int, int]]]:
        """Per action and row the fewest and the most points under any hybrid."""
        rows = range(len(self.low))
        least = {name: [0] * len(self.low) for name in self.actions}
        most = {name: [0] * len(self.low) for name in self.actions}
        for rule, name, fewest, highest in self._supports():
            may, must = self.may_match(rule), self.must_match(rule)
            for row in rows:
                most[name][row] += highest * (may >> row & 1)
                least[name][row] += fewest * (must >> row & 1)
        return {name: list(zip(least[name], most[name], strict=True)) for name in self.actions}

    def _supports(self) -> Iterator[tuple[str, str, int, int]]:
        for rule, versions in self.rules.items():
            if not self.may_match(rule):
                continue
            supports = [each.supports for each in versions if each is not None]
            for name in dict.fromkeys(name for each in supports for name in each if name in self.actions):
                given = [each.get(name, 0) for each in supports]
                least = min(given) if len(given) == 2 and self.is_stable(name) else 0
                yield rule, name, least, max(given)

    # --- gates

    @property
    def needs(self) -> tuple[int, int]:
        """The lower and the higher need."""
        both = (self.baseline.need, self.candidate.need)
        return min(both), max(both)

    def may_be_effective(self, name: str) -> Rows:
        """Rows at which the action can have enough points as an active action."""
        if not self.can_be_active(name):
            return 0
        least = self.needs[0]
        return _rows(most >= least for _, most in self.points[name])

    def may_turn(self, name: str) -> Rows:
        """Rows at which hybrids can differ in whether it has enough points."""
        may, most = self.may_be_effective(name), self.needs[1]
        return may & _rows(least < most for least, _ in self.points[name]) if may else 0

    def may_be_supported(self, name: str) -> Rows:
        """Rows at which the action can have any points."""
        return _rows(most > 0 for _, most in self.points[name])

    @cached_property
    def resorting(self) -> Rows:
        """Rows at which no passive action surely has points, so that a last resort can be left."""
        scored = 0
        for name, versions in self.actions.items():
            if self.is_stable(name) and self.can_be_passive(name):
                options = {action.option for action in versions if action is not None}
                is_open = self.all_rows if options <= set(BOUNDED_OPTIONS) else self.with_context
                scored |= is_open & _rows(least > 0 for least, _ in self.points[name])
        return self.all_rows & ~scored

    def bands(self, rows: Rows, *, of_confidence: bool) -> Iterator[tuple[int, int]]:
        """At these rows the least and the greatest band of confidence, or of blast radius."""
        for row, (low, high) in enumerate(zip(self.low, self.high, strict=True)):
            if rows >> row & 1:
                if of_confidence:
                    yield low.confidence_band, high.confidence_band
                else:
                    yield low.blast_band, low.blast_band

    def policy_keys(self, rows: Rows) -> list[int]:
        """Distinct policy inputs at these rows."""
        found = {
            key.policy_key
            for keys in (self.low, self.high)
            for row, key in enumerate(keys)
            if rows >> row & 1
        }
        return sorted(found)


def _rows(flags: Iterable[bool]) -> Rows:
    rows = 0
    for row, flag in enumerate(flags):
        if flag:
            rows |= 1 << row
    return rows
