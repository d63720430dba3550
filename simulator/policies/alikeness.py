"""Owns what keeps a value from being evaluated as by OPA, and when two results count as the same.

Numbers: integers of 64 bits, and others of at most 15 digits without an exponent, are the same in both. The
order of an array does not count: sets are logged as arrays, in an order that is OPA's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from evidence.decision.rego.interpreter import UNDEFINED, has_private_text
from simulator.policies.decision_model import Difference, Value

DEPTH_MAX = 60
SIZE_MAX = 1_000_000  # characters of an input's JSON
DIGITS_MAX = 15
DIFFERENCES_MAX = 50
_INTEGER_MAX = 2**63 - 1


def why_unlike(value: Any, depth: int = 0) -> str:
    """Why the value is not evaluated here as by OPA; empty where it is."""
    if depth > DEPTH_MAX:
        return f"it is nested more than {DEPTH_MAX} deep"
    match value:
        case bool() | None:
            return ""
        case int():
            return "" if abs(value) <= _INTEGER_MAX else f"the integer {value} has more than 64 bits"
        case Decimal() | float():
            return _why_number(Decimal(str(value)))
        case str():
            return "it holds a character that this interpreter needs for itself" * has_private_text(value)
        case Mapping():
            parts: Iterator[Any] = (part for pair in value.items() for part in pair)
        case _:
            parts = iter(value)
    return next((why for part in parts if (why := why_unlike(part, depth + 1))), "")


def _why_number(number: Decimal) -> str:
    _, digits, exponent = number.normalize().as_tuple()
    if isinstance(exponent, int) and (len(digits) > DIGITS_MAX or not -DIGITS_MAX <= exponent <= DIGITS_MAX):
        return f"the number {number} has more than {DIGITS_MAX} digits"
    return ""


def plain(value: Any) -> Any:
    """The value with plain numbers: what is whole an int, what is not a float."""
    match value:
        case bool():
            return value
        case Decimal() | float():
            return int(value) if value == int(value) else float(value)
        case Mapping():
            return {key: plain(each) for key, each in value.items()}
        case list():
            return [plain(each) for each in value]
    return value


def differences(recorded: Any, new: Any) -> tuple[Difference, ...]:
    """Where two plain results differ, by pointer; arrays with the same elements in another order do not."""
    found = list(_differences("", recorded, new))
    return tuple(found[:DIFFERENCES_MAX])


def _differences(pointer: str, old: Any, new: Any) -> Iterator[Difference]:
    if old is not UNDEFINED and new is not UNDEFINED and ordered(old) == ordered(new):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            step = key.replace("~", "~0").replace("/", "~1")
            yield from _differences(f"{pointer}/{step}", old.get(key, UNDEFINED), new.get(key, UNDEFINED))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _of_lists(pointer, old, new)
    elif old is not new:
        yield Difference(pointer=pointer, recorded=as_value(old), new=as_value(new))


def _of_lists(pointer: str, old: list[Any], new: list[Any]) -> Iterator[Difference]:
    """Elements that only one has: of two sets the places say nothing."""
    left, right = [ordered(each) for each in old], [ordered(each) for each in new]
    for place, (each, text) in enumerate(zip(old, left, strict=True)):
        if left[: place + 1].count(text) > right.count(text):
            yield Difference(pointer=f"{pointer}/{place}", recorded=as_value(each), new=as_value(UNDEFINED))
    for place, (each, text) in enumerate(zip(new, right, strict=True)):
        if right[: place + 1].count(text) > left.count(text):
            yield Difference(pointer=f"{pointer}/{place}", recorded=as_value(UNDEFINED), new=as_value(each))


def as_value(value: Any) -> Value:
    """The value as the report has it."""
    if value is UNDEFINED:
        return Value(is_defined=False)
    return Value(is_defined=True, value=value)


def ordered(value: Any) -> str:
    """One text for all values that count as the same: keys and elements sorted, numbers to 15 digits."""
    match value:
        case bool() | None | str():
            return json.dumps(value)
        case int():
            return str(value)
        case float():
            return str(int(value)) if value == int(value) else f"{value:.15g}"
        case dict():
            return "{" + ",".join(f"{json.dumps(key)}:{ordered(value[key])}" for key in sorted(value)) + "}"
        case list():
            return "[" + ",".join(sorted(ordered(each) for each in value)) + "]"
    raise TypeError(f"{type(value).__name__} is no JSON")
