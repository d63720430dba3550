"""Owns the truth of a condition in one state, in plain Python: a second reading beside the kernel's SQL.

True, False or None, which is unknown. Slow and obvious on purpose: what is held to it is decided in SQL.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

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

State: TypeAlias = Mapping[str, Any]

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def truth(condition: Condition, state: State) -> bool | None:
    """Whether the condition holds in the state; None when that is unknown."""
    match condition:
        case Not(operand):
            inner = truth(operand, state)
            return None if inner is None else not inner
        case And(left, right):
            return _both(truth(left, state), truth(right, state))
        case Or(left, right):
            neither = _both(_negated(truth(left, state)), _negated(truth(right, state)))
            return _negated(neither)
        case Known(column):
            return state[column] is not None
        case HasSignal(name):
            return name in state["signal_names"]
        case _:
            return _leaf(condition, state[condition.column])


def _both(left: bool | None, right: bool | None) -> bool | None:
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def _negated(value: bool | None) -> bool | None:
    return None if value is None else not value


def _leaf(condition: Flag | Compare | OneOf | Between | Matches, value: Any) -> bool | None:
    if value is None:
        return None
    match condition:
        case Flag():
            return bool(value)
        case Compare(_, sign, literal):
            return _OPERATORS[sign](value, literal)
        case OneOf(_, literals):
            return value in literals
        case Between(_, low, high):
            return bool(low <= value <= high)
        case Matches(_, "like", pattern):
            return re.fullmatch(_like(pattern), value, re.DOTALL) is not None
        case Matches(_, _, pattern):
            return re.search(pattern, value) is not None


def _like(pattern: str) -> str:
    wild = {"%": ".*", "_": "."}
    return "".join(wild.get(letter) or re.escape(letter) for letter in pattern)
