"""Writes a condition back in the language that it is read from: what it reads as is the same condition."""

from __future__ import annotations

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
    literal_sql,
)


def condition_text(condition: Condition) -> str:
    """The condition on one line, with no more brackets than it needs."""
    match condition:
        case Or(left, right):
            return f"{condition_text(left)} or {_within(right, Or)}"
        case And(left, right):
            return f"{_within(left, Or)} and {_within(right, Or, And)}"
        case Not(OneOf() | Between() | Matches(_, "like", _) as operand):
            return condition_text(operand).replace(f"{operand.column} ", f"{operand.column} not ", 1)
        case Not(operand):
            return f"not {_within(operand, Or, And, Compare, OneOf, Between, Matches)}"
        case _:
            return _leaf_text(condition)


def _within(condition: Condition, *weaker: type) -> str:
    """The text in brackets when it binds less than what stands around it."""
    text = condition_text(condition)
    return f"({text})" if isinstance(condition, weaker) else text


def _leaf_text(leaf: Condition) -> str:
    match leaf:
        case Flag(column):
            return column
        case Known(column):
            return f"known({column})"
        case HasSignal(name):
            return f"has_signal({literal_sql(name)})"
        case Compare(column, operator, literal):
            return f"{column} {operator} {literal_sql(literal)}"
        case OneOf(column, literals):
            return f"{column} in ({', '.join(map(literal_sql, literals))})"
        case Between(column, low, high):
            return f"{column} between {low} and {high}"
        case Matches(column, "like", pattern):
            return f"{column} like {literal_sql(pattern)}"
        case Matches(column, _, pattern):
            return f"regexp_matches({column}, {literal_sql(pattern)})"
    raise TypeError(f"{leaf} is not a leaf")
