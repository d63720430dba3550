"""Reads silences of Alertmanager's API v2 (`/api/v2/silences`, `amtool silence query -o json`).

Recognised by `matchers` beside `createdBy`. One silence is one record and one event: what a responder did,
at `startsAt`, and never visible to a rule. Wrong can be: times, matchers that are no objects.
Identity: id and updatedAt.
"""

from __future__ import annotations

from collections.abc import Iterable

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Json, Reader, SourceFacts

INCIDENT_FINDING = 2005


def is_record(record: Json) -> bool:
    """Whether it has the keys of a silence."""
    return "matchers" in record and "createdBy" in record and "startsAt" in record


def read(record: Json, around: Around) -> Iterable[Event]:
    """One response."""
    event_time, time_text = fields.time_at(record, "startsAt")
    state = fields.optional_text(fields.optional_mapping(record, "status"), "state", "/status")
    event: Event = {
        "pointer": "",
        "kind": "response",
        "is_response": True,
        "class_uid": INCIDENT_FINDING,
        "name": f"silence {_matched(record)}",
        "activity": "silence",
        "status": state,
        "message": fields.optional_text(record, "comment"),
        "actor": fields.text(record, "createdBy"),
        "event_time": event_time,
        "event_time_text": time_text,
    }
    return (event,)


def identity(record: Json) -> str | None:
    """The silence at its last change; a silence expires without one, so its state counts."""
    uid = fields.optional_text(record, "id")
    state = fields.loose_text(fields.loose_mapping(record, "status"), "state")
    return f"{uid} {record.get('updatedAt')} {state}" if uid else None


def _matched(record: Json) -> str:
    """The matchers as Alertmanager writes them, in the order given."""
    parts = []
    for index, matcher in enumerate(fields.optional_objects(record, "matchers")):
        at = f"/matchers/{index}"
        is_equal = fields.optional_boolean(matcher, "isEqual", at) is not False
        mark = "~" if fields.optional_boolean(matcher, "isRegex", at) else "="
        operator = ("=" if mark == "=" else "=~") if is_equal else f"!{mark}"
        parts.append(f'{fields.text(matcher, "name", at)}{operator}"{matcher.get("value", "")}"')
    return ", ".join(parts) or "of nothing"


READER = Reader(
    "alertmanager_silences",
    "alertmanager",
    is_record,
    read,
    identity,
    facts=SourceFacts(
        tool="Alertmanager",
        written_by="`curl …/api/v2/silences`, `amtool silence query -o json`",
        record="one silence",
        read="who silenced what, from when, with the comment: the responders' timeline, never seen by a rule",
        ignored="`endsAt`",
        forgeable=("actor", "message"),
        trust="the API takes any `createdBy`",
        class_uids=(INCIDENT_FINDING,),
    ),
)
