"""Owns the way readers take fields out of a record: typed, with the JSON Pointer of what is at fault.

An absent field and a null one are the same; a field of another type than the format says is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from evidence.readers.contract import Event, RecordRefused
from evidence.times import EVENT_TIME_MAX, TimeRefused, parse_rfc3339

_EMPTY: Mapping[str, Any] = {}
# Many records tell the same second; what is refused is not kept.
_recent_times = lru_cache(maxsize=4096)(parse_rfc3339)


def pointer_part(key: str) -> str:
    """A key as a part of a JSON Pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key


def missing(pointer: str, expected: str) -> RecordRefused:
    """The refusal of a record that lacks a required field."""
    return RecordRefused("field_missing", pointer, f"{pointer} is missing; expected {expected}")


def invalid(pointer: str, value: Any, expected: str) -> RecordRefused:
    """The refusal of a record whose field is not what the format says."""
    return RecordRefused("field_invalid", pointer, f"{pointer} is {_shown(value)}; expected {expected}")


def text(record: Mapping[str, Any], key: str, at: str = "") -> str:
    """The required, non-empty text of a key."""
    value = record.get(key)
    if isinstance(value, str) and value:
        return value
    pointer = f"{at}/{pointer_part(key)}"
    if value is None:
        raise missing(pointer, "text")
    raise invalid(pointer, value, "text that is not empty")


def optional_text(record: Mapping[str, Any], key: str, at: str = "") -> str | None:
    """The text of a key; None when it is absent, null or empty."""
    value = record.get(key)
    if isinstance(value, str):
        return value or None
    if value is None:
        return None
    raise invalid(f"{at}/{pointer_part(key)}", value, "text")


def optional_boolean(record: Mapping[str, Any], key: str, at: str = "") -> bool | None:
    """The boolean of a key; None when it is absent or null."""
    value = record.get(key)
    if value is None or isinstance(value, bool):
        return value
    raise invalid(f"{at}/{pointer_part(key)}", value, "true or false")


def optional_integer(record: Mapping[str, Any], key: str, at: str = "") -> int | None:
    """The integer of a key; None when it is absent or null."""
    value = record.get(key)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise invalid(f"{at}/{pointer_part(key)}", value, "an integer")


def mapping(record: Mapping[str, Any], key: str, at: str = "") -> Mapping[str, Any]:
    """The required object of a key."""
    value = record.get(key)
    if isinstance(value, dict):
        return value
    pointer = f"{at}/{pointer_part(key)}"
    raise missing(pointer, "an object") if value is None else invalid(pointer, value, "an object")


def optional_mapping(record: Mapping[str, Any], key: str, at: str = "") -> Mapping[str, Any]:
    """The object of a key; an empty one when it is absent or null."""
    value = record.get(key)
    if value is None:
        return _EMPTY
    if isinstance(value, dict):
        return value
    raise invalid(f"{at}/{pointer_part(key)}", value, "an object")


def optional_items(record: Mapping[str, Any], key: str, at: str = "") -> Sequence[Any]:
    """The array of a key; an empty one when it is absent or null."""
    value = record.get(key)
    if value is None:
        return ()
    if isinstance(value, list):
        return value
    raise invalid(f"{at}/{pointer_part(key)}", value, "an array")


def optional_objects(record: Mapping[str, Any], key: str, at: str = "") -> Sequence[Mapping[str, Any]]:
    """The array of objects of a key; an empty one when it is absent or null."""
    items = optional_items(record, key, at)
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            raise invalid(f"{at}/{pointer_part(key)}/{index}", item, "an object")
    return items


def text_labels(record: Mapping[str, Any], key: str, at: str = "") -> Mapping[str, str]:
    """The object of a key whose values must all be text, as labels and annotations are."""
    labels = optional_mapping(record, key, at)
    for name, value in labels.items():
        if not isinstance(value, str):
            raise invalid(f"{at}/{pointer_part(key)}/{pointer_part(name)}", value, "text")
    return labels


def loose_text(record: Mapping[str, Any], *keys: str) -> str | None:
    """The first of the keys that holds text or an integer, as text; for maps whose values are free."""
    for key in keys:
        value = record.get(key)
        if value is None:
            continue
        if isinstance(value, str):
            if value:
                return value
        elif isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return None


def loose_mapping(record: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """The object found by following the keys; an empty one when there is none. For free-form payloads."""
    value: Any = record
    for key in keys:
        if not isinstance(value, dict):
            return _EMPTY
        value = value.get(key)
    return value if isinstance(value, dict) else _EMPTY


def loose_objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects of an array, or the object itself; anything else is none. For free-form payloads."""
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def time_at(record: Mapping[str, Any], key: str, at: str = "") -> tuple[int, str]:
    """The required RFC 3339 time of a key as ns UTC, and as the source wrote it."""
    written = text(record, key, at)
    try:
        moment = _recent_times(written)
    except TimeRefused:
        moment = EVENT_TIME_MAX
    if moment < EVENT_TIME_MAX:
        return moment, written
    return in_time(parse_rfc3339, written, f"{at}/{pointer_part(key)}"), written


def moment_at(record: Mapping[str, Any], key: str, at: str = "") -> Event:
    """The required RFC 3339 time of a key as the columns of an event that tell when it happened."""
    event_time, time_text = time_at(record, key, at)
    return {"event_time": event_time, "event_time_text": time_text}


def in_time(convert: Callable[[Any], int], value: Any, pointer: str) -> int:
    """`convert(value)`, a function of evidence.times, refused as the record's fault."""
    try:
        moment = convert(value)
    except TimeRefused as refused:
        raise RecordRefused(refused.reason, pointer, refused.what) from None
    if moment >= EVENT_TIME_MAX:
        raise RecordRefused("time_outside_range", pointer, f"{_shown(value)} lies after 2261")
    return moment


def word(value: str | None, table: Mapping[str, int]) -> int | None:
    """The severity id of a word by a reader's table, whatever its case; None for an unknown word."""
    return table.get(value.lower()) if value else None


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 64 else f"{shown[:61]}..."
