"""Makes slight changes of a condition, one at a time: a figure, an operator, an and, an or, a part less."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

from evidence.decision.condition_text import condition_text
from evidence.decision.conditions import And, Between, Compare, Condition, Not, OneOf, Or, conjuncts

_NEAR = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "=": "<>", "<>": "="}


@dataclass(frozen=True, slots=True)
class Alteration:
    """A changed condition and the part of it that changed, in words; `new` is empty for a part left out."""

    condition: Condition
    old: str
    new: str
    is_figure: bool = False


def alterations(condition: Condition) -> Iterator[Alteration]:
    """Every slight change, each part from left to right; some may mean the same as before."""
    match condition:
        case And():
            yield from _of_conjunction(conjuncts(condition))
        case Or():
            yield from _of_disjunction(_disjuncts(condition))
        case Not(operand):
            yield Alteration(operand, condition_text(condition), condition_text(operand))
            for each in alterations(operand):
                yield Alteration(Not(each.condition), each.old, each.new, each.is_figure)
        case Compare() | Between() | OneOf():
            yield from _of_leaf(condition)


def stepped(figure: int) -> tuple[int, int]:
    """The figure a tenth less and a tenth more, at least by one."""
    step = max(1, abs(figure) // 10)
    return figure - step, figure + step


def _of_leaf(leaf: Compare | Between | OneOf) -> Iterator[Alteration]:
    old = condition_text(leaf)
    match leaf:
        case Compare(column, operator, literal):
            near = Compare(column, _NEAR[operator], literal)
            yield Alteration(near, old, _behind(column, near))
            for figure in stepped(literal) if isinstance(literal, int) else ():
                moved = Compare(column, operator, figure)
                yield Alteration(moved, old, _behind(column, moved), is_figure=True)
        case Between(column, low, high):
            for figure in (each for each in stepped(low) if each <= high):
                yield Alteration(Between(column, figure, high), f"{column} >= {low}", f">= {figure}", True)
            for figure in (each for each in stepped(high) if low <= each):
                yield Alteration(Between(column, low, figure), f"{column} <= {high}", f"<= {figure}", True)
        case OneOf(column, literals):
            for left_out in literals if len(literals) > 1 else ():
                fewer = OneOf(column, tuple(each for each in literals if each != left_out))
                yield Alteration(fewer, old, _behind(column, fewer))


def _behind(column: str, leaf: Condition) -> str:
    """The text of a leaf without its column, which stands before the arrow already."""
    return condition_text(leaf).removeprefix(f"{column} ")


def _of_conjunction(parts: Sequence[Condition]) -> Iterator[Alteration]:
    for place, part in enumerate(parts):
        for each in alterations(part):
            whole = _joined(And, [*parts[:place], each.condition, *parts[place + 1 :]])
            yield Alteration(whole, each.old, each.new, each.is_figure)
        yield Alteration(_joined(And, [*parts[:place], *parts[place + 1 :]]), condition_text(part), "")
    for place in range(1, len(parts)):
        # 'and' binds more than 'or', so that the chain falls apart where its operator is exchanged.
        whole = Or(_joined(And, parts[:place]), _joined(And, parts[place:]))
        yield _exchanged(whole, parts[place - 1], parts[place], And, Or)


def _of_disjunction(parts: Sequence[Condition]) -> Iterator[Alteration]:
    for place, part in enumerate(parts):
        for each in alterations(part):
            whole = _joined(Or, [*parts[:place], each.condition, *parts[place + 1 :]])
            yield Alteration(whole, each.old, each.new, each.is_figure)
        yield Alteration(_joined(Or, [*parts[:place], *parts[place + 1 :]]), condition_text(part), "")
    for place in range(1, len(parts)):
        both = And(parts[place - 1], parts[place])
        whole = _joined(Or, [*parts[: place - 1], both, *parts[place + 1 :]])
        yield _exchanged(whole, parts[place - 1], parts[place], Or, And)


def _exchanged(
    whole: Condition, left: Condition, right: Condition, old: type[And | Or], new: type[And | Or]
) -> Alteration:
    return Alteration(whole, condition_text(old(left, right)), condition_text(new(left, right)))


def _joined(kind: type[And | Or], parts: Sequence[Condition]) -> Condition:
    return reduce(kind, parts)


def _disjuncts(condition: Condition) -> tuple[Condition, ...]:
    if isinstance(condition, Or):
        return _disjuncts(condition.left) + _disjuncts(condition.right)
    return (condition,)
