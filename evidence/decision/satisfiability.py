"""Answers exactly whether any state makes a condition true, or makes two conditions part.

Every column is cut at the conditions' own constants, so that finitely many cells stand for all states,
and cells are tried column by column, leaving a branch as soon as it cannot lead anywhere. Columns are
taken as independent and an unnamed text as matching any set of patterns: more states than there are,
so that "no state does" is certain.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import duckdb

from evidence.decision.conditions import (
    COLUMNS,
    INTEGERS,
    And,
    Between,
    Compare,
    Condition,
    Flag,
    HasSignal,
    Known,
    Matches,
    Not,
    OneOf,
    Or,
    leaves,
    literal_sql,
)
from evidence.enrichment.grading import Thresholds
from expectations.contracts import ColumnType

Truth: TypeAlias = bool | None  # None is unknown
Truths: TypeAlias = frozenset[Truth]
Goal: TypeAlias = tuple[Condition, Truths]
Cell: TypeAlias = dict[str, Any]
PinnedGoal: TypeAlias = tuple[Condition, Truths, Cell]  # with some columns fixed, for this goal alone

TRUE: Truths = frozenset({True})
NOT_TRUE: Truths = frozenset({False, None})
FALSE: Truths = frozenset({False})
NOT_FALSE: Truths = frozenset({True, None})
WORK_MAX = 200_000  # leaves looked at; beyond it a question stays open, and then accuses nobody
PATTERNS_MAX = 6

_COMPARISONS = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_LEVELS = (1, 6)  # OCSF severity ids
_BOUNDS = {"confidence": (0, 100), "impact": (0, 100), "detection_level": _LEVELS}
_SIZES = {ColumnType.INTEGER: 2**31, ColumnType.BIGINT: 2**63}
# What the grading makes of a measured column and one of its thresholds.
_OVER_POLICY = {
    "is_error_rate_over_policy": "error_rate_ppm",
    "is_latency_over_policy": "latency_ms",
    "is_resource_pressure_over_policy": "resource_pressure_ppm",
}


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Any text that no constant names and that matches just these patterns."""

    matched: frozenset[Condition]


class Undecided(Exception):
    """The search took too much work."""


@dataclass(slots=True)
class Work:
    """How many leaves may still be looked at; questions that belong together share one."""

    left: int = WORK_MAX

    def spend(self, leaves_count: int) -> None:
        """Look at so many leaves. Raises Undecided when there is no more to spend."""
        self.left -= leaves_count
        if self.left < 0:
            raise Undecided


def is_never_true(*together: Condition) -> bool:
    """No state makes all of these true."""
    return not _may_be([(each, TRUE) for each in together])


def is_always_true(condition: Condition) -> bool:
    """Every state, also one of which nothing is known, makes it true."""
    return not _may_be([(condition, NOT_TRUE)])


def is_never_false(condition: Condition) -> bool:
    """No state makes it false: where it stands for a demand, the demand always holds."""
    return not _may_be([(condition, FALSE)])


def implies(first: Condition, second: Condition) -> bool:
    """Wherever the first is true the second is as well."""
    return not _may_be([(first, TRUE), (second, NOT_TRUE)])


def are_alike(first: Condition, second: Condition, *, is_raising: bool) -> bool:
    """No state tells them apart, closed as their role closes them (a raising one holds unless false)."""
    holds, fails = (NOT_FALSE, FALSE) if is_raising else (TRUE, NOT_TRUE)
    return not _may_be([(first, holds), (second, fails)]) and not _may_be([(first, fails), (second, holds)])


def measured(condition: Condition, thresholds: Thresholds) -> Condition:
    """The condition with 'over policy' as what it is: a measured column above its threshold."""
    match condition:
        case Not(operand):
            return Not(measured(operand, thresholds))
        case And(left, right):
            return And(measured(left, thresholds), measured(right, thresholds))
        case Or(left, right):
            return Or(measured(left, thresholds), measured(right, thresholds))
        case Flag(column) if column in _OVER_POLICY:
            return Compare(_OVER_POLICY[column], ">", getattr(thresholds, _OVER_POLICY[column]))
        case Known(column) if column in _OVER_POLICY:
            return Known(_OVER_POLICY[column])
    return condition


def _may_be(goals: list[Goal]) -> bool:
    """Whether some state meets every goal; also True when that could not be decided."""
    try:
        return find_cell(goals) is not None
    except Undecided:
        return True


def find_cell(
    goals: Sequence[Goal],
    pinned: Sequence[PinnedGoal] = (),
    *,
    preferred: Mapping[str, Any] | None = None,
    work: Work | None = None,
) -> Cell | None:
    """The part of a state that meets every goal whatever its other columns are; None when no state does.

    `pinned` are goals to be met with some columns fixed: how one condition comes out at two values of a
    column. Values of `preferred`, by cell name, are tried first. Raises Undecided when it took too much work.
    """
    asked = [*((condition, wanted, {}) for condition, wanted in goals), *pinned]
    cells = _preferred_first(cells_of(condition for condition, _, _ in asked), preferred or {})
    names, budget = list(cells), work or Work()
    size = sum(len(leaves(condition)) for condition, _, _ in asked)

    def reaches(at: Cell, depth: int) -> Cell | None:
        budget.spend(size)
        found = [(outcomes(condition, {**at, **fixed}), wanted) for condition, wanted, fixed in asked]
        if any(not among & wanted for among, wanted in found):
            return None
        if all(among <= wanted for among, wanted in found):
            return at
        name = names[depth]
        tried = (reaches({**at, name: value}, depth + 1) for value in cells[name])
        return next((each for each in tried if each is not None), None)

    return reaches({}, 0)


def _preferred_first(
    cells: Mapping[str, tuple[Any, ...]], preferred: Mapping[str, Any]
) -> dict[str, tuple[Any, ...]]:
    return {
        name: tuple(sorted(values, key=lambda value: value != preferred[name]))
        if name in preferred
        else values
        for name, values in cells.items()
    }


# --- what a condition can come to where only some columns are given


def outcomes(condition: Condition, at: Cell) -> Truths:
    """What the condition can come to where the columns of `at` are given; one truth where all are."""
    match condition:
        case Not(operand):
            return frozenset(None if each is None else not each for each in outcomes(operand, at))
        case And(left, right):
            return _combined(outcomes(left, at), outcomes(right, at), False)
        case Or(left, right):
            return _combined(outcomes(left, at), outcomes(right, at), True)
    name = cell_name(condition)
    return frozenset({_truth(condition, at[name])}) if name in at else _any_outcome(condition)


def _combined(left: Truths, right: Truths, decisive: bool) -> Truths:
    """False decides a conjunction and True a disjunction; else unknown is unknown."""
    found: set[Truth] = set()
    for first, second in itertools.product(left, right):
        if first is decisive or second is decisive:
            found.add(decisive)
        else:
            found.add(None if first is None or second is None else not decisive)
    return frozenset(found)


def _any_outcome(leaf: Condition) -> Truths:
    if isinstance(leaf, Known | HasSignal) or not COLUMNS[cell_name(leaf)].is_nullable:
        return frozenset({True, False})
    return frozenset({True, False, None})


def _truth(leaf: Condition, value: Any) -> Truth:
    if isinstance(leaf, HasSignal):
        return bool(value)
    if isinstance(leaf, Known):
        return value is not None
    return None if value is None else _holds(leaf, value)


def _holds(leaf: Condition, value: Any) -> bool:
    match leaf:
        case Flag():
            return bool(value)
        case OneOf(_, literals):
            return value in literals
        case Between(_, low, high):
            return bool(low <= value <= high)
        case Matches():
            return leaf in value.matched if isinstance(value, Elsewhere) else _is_match(leaf, value)
        case Compare(_, comparison, literal):
            return bool(_COMPARISONS[comparison](value, literal))
    raise TypeError(f"{leaf} is not a leaf")


@lru_cache(maxsize=4096)
def _is_match(leaf: Matches, text: str) -> bool:
    """Asked of DuckDB, whose patterns they are."""
    test = "? like ?" if leaf.operator == "like" else "regexp_matches(?, ?)"
    return bool(duckdb.execute(f"select {test}", [text, leaf.pattern]).fetchall()[0][0])


# --- cells


def cell_name(leaf: Condition) -> str:
    """What a leaf reads: a column, or whether a signal of one name has arrived."""
    return f"has_signal({literal_sql(leaf.name)})" if isinstance(leaf, HasSignal) else leaf.column  # type: ignore[union-attr]


def signal_of(name: str) -> str:
    """The signal behind a cell name that is no column."""
    return name.removeprefix("has_signal('").removesuffix("')").replace("''", "'")


def cells_of(conditions: Iterable[Condition]) -> dict[str, tuple[Any, ...]]:
    """One value per piece of each column that the conditions read, in order of appearance.

    Raises Undecided when a column is matched with too many patterns.
    """
    read: dict[str, list[Condition]] = {}
    for condition in conditions:
        for leaf in leaves(condition):
            read.setdefault(cell_name(leaf), []).append(leaf)
    return {name: _pieces(name, among) for name, among in read.items()}


def _pieces(name: str, among: list[Condition]) -> tuple[Any, ...]:
    if isinstance(among[0], HasSignal):
        return (True, False)
    column = COLUMNS[name]
    unknown: tuple[Any, ...] = (None,) if column.is_nullable else ()
    if column.type is ColumnType.BOOLEAN:
        return (True, False, *unknown)
    constants = {each for leaf in among for each in _constants(leaf)}
    if column.type in INTEGERS:
        return (*_integer_pieces(name, constants), *unknown)
    if column.allowed:
        return (*column.allowed, *unknown)
    return (*sorted(constants), *_elsewhere(among), *unknown)


def _constants(leaf: Condition) -> tuple[Any, ...]:
    match leaf:
        case Compare(_, _, literal):
            return (literal,)
        case OneOf(_, literals):
            return literals
        case Between(_, low, high):
            return (low, high)
    return ()


def _integer_pieces(name: str, constants: set[int]) -> list[int]:
    low, high = bounds(name)
    around = {each + step for each in constants for step in (-1, 0, 1)}
    # Beyond all constants every value is like the next one; where there is none they are all alike.
    return sorted(each for each in around if low <= each <= high) or [low]


def bounds(name: str) -> tuple[int, int]:
    """The least and the greatest value that an integer column can have."""
    size = _SIZES[COLUMNS[name].type]
    if name == "severity" or name.startswith("severity_"):
        return _LEVELS
    if name in _BOUNDS:
        return _BOUNDS[name]
    is_magnitude = name.endswith(("_count", "_ppm", "_ms")) or name == "blast_radius"
    return (0 if is_magnitude else -size), size - 1


def _elsewhere(among: list[Condition]) -> list[Elsewhere]:
    patterns = list(dict.fromkeys(leaf for leaf in among if isinstance(leaf, Matches)))
    if len(patterns) > PATTERNS_MAX:
        raise Undecided
    return [
        Elsewhere(frozenset(matched))
        for count in range(len(patterns) + 1)
        for matched in itertools.combinations(patterns, count)
    ]
