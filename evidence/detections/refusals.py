"""Owns what is said of an item that pySigma or DuckDB's engine for patterns refuses, and what to write."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sigma.modifiers import modifier_mapping

from evidence.detections.modifiers import HONOURED
from evidence.errors import DetectionError, Place

_UNFIT = re.compile(r"Modifier (\w+) incompatible to value type of")
_OF_ENGINE = "Invalid Input Error: "
_OF_NUMBERS = frozenset(
    {"gt", "gte", "lt", "lte", "minute", "hour", "day", "week", "month", "year"} & HONOURED.keys()
)
_FLAGS = frozenset({"i", "ignorecase", "m", "multiline", "s", "dotall"})
# What RE2 has not, by what is seen of it in the pattern; it says no more than where it stopped.
_LACKS = (
    (re.compile(r"\(\?<[=!]"), "no look-behind"),
    (re.compile(r"\(\?[=!]"), "no look-ahead"),
    (re.compile(r"\(\?>"), "no atomic groups"),
    (re.compile(r"[*+?}]\+"), "no possessive repetition"),
    (re.compile(r"\\[1-9]"), "no back references"),
)
_LOOKS = ("no look-behind", "no look-ahead")


def refusal(failure: Exception, modifiers: Sequence[str], value: Any, place: Place) -> DetectionError:
    """The fault for what pySigma raised on an item of these modifiers and values."""
    said = str(failure)
    values = value if isinstance(value, list) else [value]
    if found := _UNFIT.match(said):
        modifier = _modifier_of(found[1], modifiers)
        return _unfit(modifier, values, place)
    if _OF_ENGINE in said:
        return pattern_refusal(said, " ".join(str(one) for one in values), place)
    return DetectionError(f"pySigma refuses it: {said}", place=place)


def pattern_refusal(said: str, pattern: str, place: Place) -> DetectionError:
    """The fault for a pattern that the engine refuses with these words."""
    reason = said.split(_OF_ENGINE)[-1]
    lack = next((name for seen, name in _LACKS if seen.search(pattern)), "")
    what = "patterns run in RE2, the engine of DuckDB, which "
    what += f"has {lack} ({reason})" if lack else f"refuses this one ({reason})"
    remedy = "Write what must not be there as an item of its own, behind `not` in the condition"
    return DetectionError(what, place=place, remedy=remedy if lack in _LOOKS else "")


def _modifier_of(class_name: str, modifiers: Sequence[str]) -> str:
    """The modifier as it is written, by pySigma's class of it."""
    return next((each for each in modifiers if modifier_mapping[each].__name__ == class_name), modifiers[-1])


def _unfit(modifier: str, values: Sequence[Any], place: Place) -> DetectionError:
    if modifier in _FLAGS:
        what = f"the modifier '{modifier}' belongs to a regular expression"
        return DetectionError(what, place=place, remedy=f"Write re|{modifier}")
    if modifier in _OF_NUMBERS:
        wanted, unfit = "a whole number", [one for one in values if not _is_number(one)]
    elif modifier == "exists":
        wanted, unfit = "true or false", [one for one in values if not isinstance(one, bool)]
    else:
        wanted, unfit = "text", [one for one in values if not isinstance(one, str)]
    if not unfit:
        what = f"the modifier '{modifier}' does not take what the modifiers before it make of the value"
        return DetectionError(what, place=place, remedy="Leave one of them out")
    what = f"the modifier '{modifier}' takes {wanted}, and {_in_words(unfit[0])}"
    return DetectionError(what, place=place, remedy=_remedy(modifier, wanted, unfit[0]))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _as_yaml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _in_words(value: Any) -> str:
    if value is None:
        return "null is none"
    if isinstance(value, str):
        return f"{value!r} is text"
    return f"{_as_yaml(value)} is {'a truth value' if isinstance(value, bool) else 'a number'}"


def _remedy(modifier: str, wanted: str, value: Any) -> str:
    if value is None:
        return "Write the field without a modifier and null where it must be absent"
    if wanted == "text":
        return f"Quote it: '{_as_yaml(value)}'"
    if wanted == "a whole number" and isinstance(value, str) and value.lstrip("-").isdecimal():
        return f"Write it without quotes: {value}"
    return f"Write {wanted} behind {modifier}"
