"""Owns how it is said that a value is not what its field takes: the field, what is there, what is expected.

The words of the validating library are for programmers; whoever edits a playbook, a catalogue or a
setting reads these.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

Path_ = tuple[str | int, ...]
SHOWN_MAX = 40  # characters of a value that are repeated in a message

_WHOLE, _TEXT, _TRUTH = "a whole number", "text", "true or false"
_LIST, _MAPPING = "a list", "a mapping of keys to values"
_TIME = "a time with its zone, such as 2026-01-14T09:20:00Z,"
_KINDS = {
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": _WHOLE,
    "string_type": _TEXT,
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "dict_type": _MAPPING,
    "mapping_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "datetime_object_invalid": _TIME,
    "timezone_aware": _TIME,
    "none_required": "nothing",
}
_LIMITS = {
    "greater_than_equal": ("ge", "at least {}"),
    "less_than_equal": ("le", "at most {}"),
    "greater_than": ("gt", "more than {}"),
    "less_than": ("lt", "less than {}"),
}
_SIZES = {
    "string_too_short": ("min_length", "at least", "character"),
    "string_too_long": ("max_length", "at most", "character"),
    "too_short": ("min_length", "at least", "entry"),
    "too_long": ("max_length", "at most", "entry"),
}


# What a pattern is for, where a reader of regular expressions should not be needed.
_PATTERNS = {
    r"^[a-z][a-z0-9_]*$": "a name of lower-case letters, digits and _, such as roll_back_release,",
    r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$": "words of lower-case letters and digits with - between them",
    r"^[A-Z][A-Za-z]*$": "a kind, such as NetworkPolicy,",
    r"^(CREATE|UPDATE|DELETE)$": "CREATE, UPDATE or DELETE",
}


def model_words(found: Mapping[str, Any], location: Path_) -> str:
    """The error of pydantic at `location` of the document, in our words.

    What a model says itself (a ValueError of one of our validators) is left as it is.
    """
    kind, context, value = str(found["type"]), found.get("ctx") or {}, found.get("input")
    name = "a key" if tuple(found["loc"])[-1:] == ("[key]",) else _named(location)
    if kind == "missing":
        return f"{name} is missing"
    if kind in ("value_error", "assertion_error"):
        return str(found["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if kind in _LIMITS:
        limit, words = _LIMITS[kind]
        return f"{name} is {_shown(value)}; {words.format(f'{context[limit]:,}')} is expected"
    if kind in _SIZES:
        return _size_words(name, value, context, *_SIZES[kind])
    if kind in ("enum", "literal_error"):
        return _choice_words(name, value, str(context["expected"]))
    if kind == "string_pattern_mismatch":
        expected = _PATTERNS.get(context["pattern"], f"what matches the pattern {context['pattern']}")
        return f"{name} is {_shown(value)}; {expected} is expected"
    if kind in _KINDS:
        hint = _hint(kind, value)
        return f"{name} is {_shown(value)}; {_KINDS[kind]} is expected{hint}"
    return f"{name} is {_shown(value)}, which is not what is expected: {found['msg']}"


def _named(location: Path_) -> str:
    """The field by its name, an entry of a list by its number from 1."""
    if not location:
        return "the document"
    *before, last = location
    if isinstance(last, str):
        return last
    return f"entry {last + 1} of {_named(tuple(before))}" if before else f"entry {last + 1}"


def _shown(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return _MAPPING
    if isinstance(value, list | tuple):
        return _LIST
    text = repr(value)
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}…"


def _size_words(name: str, value: Any, context: Mapping[str, Any], limit: str, bound: str, unit: str) -> str:
    size, verb = int(context[limit]), "is" if context[limit] == 1 else "are"
    if not value:
        return f"{name} is empty; {bound} {size:,} {_units(unit, size)} {verb} expected"
    return f"{name} has {len(value):,} {_units(unit, len(value))}; {bound} {size:,} {verb} expected"


def _units(unit: str, count: int) -> str:
    return unit if count == 1 else {"entry": "entries"}.get(unit, f"{unit}s")


def _choice_words(name: str, value: Any, expected: str) -> str:
    """`expected` is pydantic's list, `'a', 'b' or 'c'`."""
    allowed = re.findall(r"'([^']*)'", expected) or [expected]
    near = get_close_matches(value, allowed, n=1) if isinstance(value, str) else []
    hint = f" (did you mean {near[0]}?)" if near else ""
    listed = ", ".join(allowed)
    return f"{name} is {_shown(value)}; {'one of ' if len(allowed) > 1 else ''}{listed} is expected{hint}"


def _hint(kind: str, value: Any) -> str:
    """What is usually wrong where a scalar has the other type."""
    if kind == "string_type" and isinstance(value, int):
        return "; quote it"
    if isinstance(value, str) and (
        (kind == "int_type" and re.fullmatch(r"[-+]?\d+", value))
        or (kind == "bool_type" and value in ("true", "false"))
    ):
        return "; leave out the quotes"
    return ""
