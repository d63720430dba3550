"""Owns the ways in which a Kubernetes object is wrapped: in a list or watch event, or with PascalCase keys.

Some clients write Go's or C#'s names (`InvolvedObject`); the object inside is the same. Pointers always name
what the record itself says, so that an anchor resolves in its bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from evidence.readers import fields
from evidence.readers.contract import Event, Gap, Json, RecordRefused

WATCH_TYPES = frozenset({"ADDED", "BOOKMARK", "DELETED", "ERROR", "MODIFIED"})
_KEY = re.compile(r"/([a-z])")


def list_gaps(envelope: Json) -> Iterator[Gap]:
    """A list of any kind that the API server cut into pages."""
    metadata = fields.loose_mapping(envelope, "metadata")
    if fields.loose_text(metadata, "continue", "remainingItemCount"):
        yield Gap("more_available", "items", "the API server holds further items of the list", "/metadata")


def is_watched(record: Json) -> bool:
    """Whether it is an event of a watch: a type in capitals and an object."""
    return str(record.get("type")) in WATCH_TYPES and isinstance(record.get("object"), dict)


def is_pascal(record: Json) -> bool:
    """Whether its keys are in PascalCase."""
    return "InvolvedObject" in record or "Regarding" in record


def plain(record: Json) -> Json:
    """The object within, with the API's own keys."""
    inner: Json = record["object"] if is_watched(record) else record
    return _lowered(inner) if is_pascal(inner) else inner


def read_plain(record: Json, read: Callable[[Json], Iterable[Event]]) -> list[Event]:
    """The events of the object within, with the pointers, also of a refusal, of the record around it."""
    inner = record["object"] if is_watched(record) else record
    prefix = "/object" if is_watched(record) else ""

    def named(pointer: str) -> str:
        return prefix + (_KEY.sub(_raised, pointer) if is_pascal(inner) else pointer)

    try:
        events = list(read(plain(record)))
    except RecordRefused as refused:
        detail = refused.detail.replace(refused.field, named(refused.field), 1)
        raise RecordRefused(refused.reason, named(refused.field), detail) from None
    if not prefix and inner is record and not is_pascal(inner):
        return events
    return [{**event, "pointer": named(event["pointer"])} for event in events]


def _raised(match: re.Match[str]) -> str:
    return f"/{match.group(1).upper()}"


def _lowered(value: Any) -> Any:
    """Keys with a small first letter; where two keys fall together the record is refused."""
    if isinstance(value, list):
        return [_lowered(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key[:1].lower() + key[1:]: _lowered(item) for key, item in value.items()}
    if len(found) != len(value):
        raise fields.invalid("", sorted(value)[0], "keys that differ by more than a capital")
    return found
