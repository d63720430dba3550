"""Owns conditions restated in facts, so that those of two bundles with different gradings can be compared.

What a grading derives (severity, the flags for what is over policy) is replaced by what it derives it
from. Confidence, impact and what ages stay as they are: no reason to demand an approval may read them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from evidence.decision.condition_parser import parse_condition
from evidence.decision.conditions import And, Between, Compare, Condition, Known, Not, OneOf, Or, columns_read
from evidence.decision.satisfiability import (
    FALSE,
    NOT_FALSE,
    NOT_TRUE,
    TRUE,
    Cell,
    Elsewhere,
    Goal,
    Undecided,
    find_cell,
    measured,
)
from evidence.enrichment.grading import LEVEL_WORDS, SCALES, Grading, SeverityTable

EVERYWHERE = "every state"
UNSEARCHED = "too many states to search: some may show it"

NEVER: Condition = And(Known("severity"), Not(Known("severity")))


@dataclass(frozen=True, slots=True)
class Restating:
    """Restates conditions under a grading. `sources` are those whose severity scale differs between the two.

    `severity` then stands for the highest over all other sources.
    """

    grading: Grading
    sources: tuple[str, ...]

    @classmethod
    def pair(cls, before: Grading, after: Grading) -> tuple[Restating, Restating]:
        """Restatements of two gradings, in the same facts."""
        sources = tuple(
            source for source in SCALES if getattr(before.severity, source) != getattr(after.severity, source)
        )
        return cls(before, sources), cls(after, sources)

    def of(self, text: str) -> Condition:
        """The condition in facts."""
        return self._restated(measured(parse_condition(text), self.grading.thresholds))

    def _restated(self, condition: Condition) -> Condition:
        match condition:
            case Not(operand):
                return Not(self._restated(operand))
            case And(left, right):
                return And(self._restated(left), self._restated(right))
            case Or(left, right):
                return Or(self._restated(left), self._restated(right))
        if not self.sources or columns_read(condition) != {"severity"}:
            return condition
        if isinstance(condition, Known):
            return _any(Known(column) for column in self._columns)
        return self._severity(condition)

    @property
    def _columns(self) -> list[str]:
        others = ["severity"] if len(self.sources) < len(SCALES) else []
        return [*others, *(f"severity_{source}" for source in self.sources)]

    def _severity(self, leaf: Condition) -> Condition:
        """The highest over what is known; unknown when nothing is."""
        values = [value for value in range(1, len(LEVEL_WORDS) + 1) if _holds(leaf, value)]
        table = self.grading.severity
        holds = _any(
            And(self._reaches(table, value), Not(self._reaches(table, value + 1))) for value in values
        )
        nothing = Not(_any(Known(column) for column in self._columns))
        return Or(holds, And(nothing, Compare(self._columns[0], ">=", 1)))

    def _reaches(self, table: SeverityTable, value: int) -> Condition:
        """Some source states at least that severity; never unknown."""
        reached = []
        for column in self._columns:
            least = value if column == "severity" else _least_level(table, column, value)
            if least is not None and least <= len(LEVEL_WORDS):
                reached.append(And(Known(column), Compare(column, ">=", least)))
        return _any(reached)


def uncovered(reasons: Iterable[Condition], covers: Iterable[Condition]) -> str | None:
    """A state in which all reasons hold (none is known to be false) and no cover does.

    None when there is no such state; UNSEARCHED when the search was given up, which counts as one.
    """
    goals: list[Goal] = [(reason, NOT_FALSE) for reason in reasons]
    return _found([*goals, *((cover, FALSE) for cover in covers)])


def unprepared(need: Condition, others: Sequence[Condition]) -> str | None:
    """As `uncovered`: a state in which all others are known to be true and the need is not."""
    return _found([(need, NOT_TRUE), *((other, TRUE) for other in others)])


def _found(goals: Sequence[Goal]) -> str | None:
    try:
        cell = find_cell(goals)
    except Undecided:
        return UNSEARCHED
    return None if cell is None else shown(cell) or EVERYWHERE


def shown(cell: Cell) -> str:
    """The columns of a cell with their values, in the order in which they were looked at.

    Beside the severity that one tool states, `severity` is the highest of the others (see Restating).
    """
    is_split = any(name.startswith("severity_") for name in cell)
    names = {"severity": "severity by any other tool"} if is_split else {}
    return ", ".join(f"{names.get(name, name)}={_shown(value)}" for name, value in cell.items())


def _shown(value: Any) -> str:
    match value:
        case None:
            return "unknown"
        case bool():
            return str(value).lower()
        case Elsewhere():
            return "any other"
        case tuple():
            return f"[{', '.join(map(str, value))}]"
    return str(value)


def _holds(leaf: Condition, value: int) -> bool:
    match leaf:
        case OneOf(_, literals):
            return value in literals
        case Between(_, low, high):
            return low <= value <= high
        case Compare(_, operator, literal):
            return value in _values(operator, int(literal))
    raise TypeError(f"{leaf} does not compare a severity")


def _values(operator: str, literal: int) -> set[int]:
    levels = set(range(1, len(LEVEL_WORDS) + 1))
    above, below = {each for each in levels if each > literal}, {each for each in levels if each < literal}
    same = levels - above - below
    return {
        "=": same,
        "<>": levels - same,
        "<": below,
        "<=": below | same,
        ">": above,
        ">=": above | same,
    }[operator]


def _least_level(table: SeverityTable, column: str, value: int) -> int | None:
    """The lowest level of the source's scale that is worth at least that severity."""
    scale = getattr(table, column.removeprefix("severity_"))
    worth = [getattr(scale, word) for word in LEVEL_WORDS]
    return next((level for level, each in enumerate(worth, start=1) if each >= value), None)


def _any(conditions: Iterable[Condition]) -> Condition:
    found = list(conditions)
    return reduce(Or, found) if found else NEVER
