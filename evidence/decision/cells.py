"""Cuts the columns that a bundle reads at its own constants, and finds values that make a condition true.

Between two constants every value is decided alike, so that one value per piece stands for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from evidence.decision.bundle import Bundle
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
)
from evidence.decision.satisfiability import bounds
from expectations.contracts import ColumnType

Values: TypeAlias = tuple[Any, ...]
ELSEWHERE = "elsewhere"  # a text that no bundle names


def cut_values(bundle: Bundle) -> dict[str, Values]:
    """One value per piece of every column that the bundle's conditions and policies read, unknown last."""
    constants: dict[str, set[Any]] = {}
    for use in bundle.uses:
        for leaf in leaves(use.condition):
            name, values = _constants(leaf)
            constants.setdefault(name, set()).update(values)
    for policy in bundle.policies:
        for declared in policy.declaration.inputs.values():
            if declared.column is not None:
                constants.setdefault(declared.column, set()).update(declared.values)
    return {name: _pieces(name, values) for name, values in sorted(constants.items())}


def confidence_values(bundle: Bundle) -> tuple[int, ...]:
    """Confidences from the most to the least, one per piece."""
    active = [bundle.actions[name] for name in bundle.ladder]
    cuts = {cut for action in active for cut in (action.floor or 0, action.auto_from or 0)}
    cuts |= _constants_of(bundle, "confidence")
    return tuple(sorted((v for v in _around(cuts | {0, 100}) if 0 <= v <= 100), reverse=True))


def blast_values(bundle: Bundle, column: str = "blast_radius") -> Values:
    """Blast radii from the narrowest to the widest, unknown last."""
    cuts = {bundle.actions[name].auto_blast or 0 for name in bundle.ladder} | _constants_of(bundle, column)
    return (*sorted(v for v in _around(cuts | {0}) if v >= 0), None)


def _constants_of(bundle: Bundle, column: str) -> set[int]:
    found: set[int] = set()
    for use in bundle.uses:
        for leaf in leaves(use.condition):
            name, values = _constants(leaf)
            if name == column:
                found.update(values)
    return found


def _constants(leaf: Condition) -> tuple[str, Iterable[Any]]:
    match leaf:
        case Compare(column, _, literal):
            return column, (literal,)
        case OneOf(column, literals):
            return column, literals
        case Between(column, low, high):
            return column, (low, high)
        case Matches(column, _, pattern):
            return column, (pattern.strip("%^$"),)
        case HasSignal(name):
            return "signal_names", (name,)
        case Flag(column) | Known(column):
            return column, ()
    raise TypeError(f"{leaf} is not a leaf")


def _pieces(name: str, constants: set[Any]) -> Values:
    column = COLUMNS[name]
    unknown: Values = (None,) if column.is_nullable else ()
    if column.type is ColumnType.BOOLEAN:
        return (False, True, *unknown)
    if column.type in INTEGERS:
        low, high = bounds(name)
        within = sorted(each for each in _around(constants) if low <= each <= high)
        return (*(within or [max(low, 0)]), *unknown)
    if column.type is ColumnType.TEXTS:
        return ((), *((each,) for each in sorted(constants)), tuple(sorted(constants)))
    return (*(column.allowed or (*sorted(constants), ELSEWHERE)), *unknown)


def _around(constants: Iterable[int]) -> set[int]:
    return {value for constant in constants for value in (constant - 1, constant, constant + 1)}


def satisfying(condition: Condition, is_wanted: bool = True) -> dict[str, Any]:
    """Values under which the condition is true (or false); best effort where two parts read one column."""
    match condition:
        case Not(operand):
            return satisfying(operand, not is_wanted)
        case And(left, right):
            return _merged(satisfying(left, is_wanted), satisfying(right, is_wanted) if is_wanted else {})
        case Or(left, right):
            return _merged(satisfying(left, is_wanted), {} if is_wanted else satisfying(right, is_wanted))
        case HasSignal(name):
            return {"signal_names": (name,) if is_wanted else ()}
        case Known(column):
            return {column: _some(column) if is_wanted else None}
        case Flag(column):
            return {column: is_wanted}
        case Compare(column, operator, literal):
            return {column: _beside(operator, literal, is_wanted)}
        case OneOf(column, literals):
            return {column: literals[0] if is_wanted else _other(column, literals)}
        case Between(column, low, _):
            return {column: low if is_wanted else low - 1}
        case Matches(column, _, pattern):
            return {column: pattern.strip("%^$") if is_wanted else ELSEWHERE}


def _merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**first, **second}
    if "signal_names" in first and "signal_names" in second:
        merged["signal_names"] = tuple(sorted({*first["signal_names"], *second["signal_names"]}))
    return merged


def _beside(operator: str, literal: Any, is_wanted: bool) -> Any:
    if isinstance(literal, str):
        return literal if (operator == "=") is is_wanted else ELSEWHERE
    holding = {"=": 0, "<>": 1, "<": -1, "<=": 0, ">": 1, ">=": 0}
    failing = {"=": 1, "<>": 0, "<": 0, "<=": 1, ">": 0, ">=": -1}
    return literal + (holding if is_wanted else failing)[operator]


def _other(column: str, literals: tuple[Any, ...]) -> Any:
    if COLUMNS[column].type in INTEGERS:
        return max(literals) + 1
    return next((each for each in COLUMNS[column].allowed if each not in literals), ELSEWHERE)


def _some(column: str) -> Any:
    kind = COLUMNS[column].type
    if kind is ColumnType.BOOLEAN:
        return True
    if kind in INTEGERS:
        return 0
    return COLUMNS[column].allowed[0] if COLUMNS[column].allowed else ELSEWHERE
