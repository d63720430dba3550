"""Writes conditions as Python over local names, closed as their role closes them; None is unknown."""

from __future__ import annotations

import re

from evidence.decision import Bundle
from evidence.decision.conditions import (
    COLUMNS,
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
    columns_read,
)

ALWAYS_READ = ("confidence", "blast_radius", "has_minimum_context")
OPERATORS = {"=": "==", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def columns_used(bundle: Bundle) -> tuple[str, ...]:
    """Columns of a state that the bundle's decision reads, graded ones as they are, in declared order."""
    read = {*ALWAYS_READ, *(column for use in bundle.uses for column in columns_read(use.condition))}
    for policy in bundle.policies:
        read |= {each.column for each in policy.declaration.inputs.values() if each.column}
    return tuple(name for name in COLUMNS if name in read)


def is_true_python(condition: Condition) -> str:
    """True only when the condition is known to be true."""
    match condition:
        case Not(operand):
            return is_false_python(operand)
        case And(left, right):
            return f"({is_true_python(left)} and {is_true_python(right)})"
        case Or(left, right):
            return f"({is_true_python(left)} or {is_true_python(right)})"
        case Flag(column):
            return column
        case Known(column):
            return f"({column} is not None)"
        case HasSignal(name):
            return f"({name!r} in signal_names)"
    return _known(condition, _test(condition))


def is_false_python(condition: Condition) -> str:
    """True only when the condition is known to be false."""
    match condition:
        case Not(operand):
            return is_true_python(operand)
        case And(left, right):
            return f"({is_false_python(left)} or {is_false_python(right)})"
        case Or(left, right):
            return f"({is_false_python(left)} and {is_false_python(right)})"
        case Flag(column):
            return f"({column} is False)"
        case Known() | HasSignal():
            return f"(not {is_true_python(condition)})"
    return _known(condition, f"not {_test(condition)}")


def not_false_python(condition: Condition) -> str:
    """True unless the condition is known to be false."""
    return f"(not {is_false_python(condition)})"


def _known(condition: Condition, test: str) -> str:
    (column,) = columns_read(condition)
    return f"({column} is not None and {test})"


def _test(condition: Condition) -> str:
    match condition:
        case Compare(column, operator, literal):
            return f"{column} {OPERATORS[operator]} {literal!r}"
        case OneOf(column, literals):
            return f"{column} in {literals!r}"
        case Between(column, low, high):
            return f"({low} <= {column} <= {high})"
        case Matches(column, "like", pattern):
            parts = ({"%": ".*", "_": "."}.get(sign, re.escape(sign)) for sign in pattern)
            return f"re.fullmatch({''.join(parts)!r}, {column}, re.S)"
        case Matches(column, _, pattern):
            return f"re.search({pattern!r}, {column})"
    raise ValueError(f"{condition} is no test of one column")
