"""Owns conditions closed to two values: when a three-valued condition is surely true, or surely false.

Other engines have no NULL, or another one. A closed condition says of every leaf whether it must be
known to hold or known not to hold, so that every engine can be given the same question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from evidence.decision.conditions import (
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
)

Test: TypeAlias = Flag | Known | HasSignal | Compare | OneOf | Between | Matches


@dataclass(frozen=True, slots=True)
class Leaf:
    """A test on one column that must be known to hold, or (`is_wanted` false) known not to hold."""

    test: Test
    is_wanted: bool


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple[Closed, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """Some part holds."""

    parts: tuple[Closed, ...]


Closed: TypeAlias = Leaf | All | Any


def closed(condition: Condition, *, is_wanted: bool = True) -> Closed:
    """The condition known to be true, or (`is_wanted` false) known to be false."""
    match condition:
        case Not(operand):
            return closed(operand, is_wanted=not is_wanted)
        case And(left, right) | Or(left, right):
            parts = (closed(left, is_wanted=is_wanted), closed(right, is_wanted=is_wanted))
            return All(parts) if isinstance(condition, And) == is_wanted else Any(parts)
        case test:
            return Leaf(test, is_wanted)


def render(formula: Closed, leaf: Callable[[Leaf], str], both: str, either: str) -> str:
    """The formula as text, fully bracketed; `both` and `either` are the engine's words for and, or."""
    if isinstance(formula, Leaf):
        return f"({leaf(formula)})"
    word = both if isinstance(formula, All) else either
    return "(" + f" {word} ".join(render(part, leaf, both, either) for part in formula.parts) + ")"


def alternatives(formula: Closed) -> Iterator[tuple[Leaf, ...]]:
    """The formula as conjunctions of which one must hold, for engines whose bodies know no or."""
    if isinstance(formula, Leaf):
        yield (formula,)
    elif isinstance(formula, Any):
        for part in formula.parts:
            yield from alternatives(part)
    else:
        first, *rest = formula.parts
        for left in alternatives(first):
            for right in alternatives(All(tuple(rest))) if rest else [()]:
                yield (*left, *right)


NEGATED = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


def operator_of(leaf: Leaf) -> str:
    """The comparison's operator, turned round where the comparison must not hold."""
    assert isinstance(leaf.test, Compare)
    return leaf.test.operator if leaf.is_wanted else NEGATED[leaf.test.operator]
