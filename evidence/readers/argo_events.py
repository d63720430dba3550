"""Reads Argo Events events: CloudEvents as on the EventBus, as sensors see them, and as their logs have them.

Recognised by `specversion`, `type` and `source`, at the top or in `context`, or by the `eventContext` of a
sensor's line, which is that context as text beside the data in `msg`. `source` is the EventSource, `type` its
kind, `subject` the event's name within it: what a sensor's dependency names. Data that another
reader knows is read by it, as passed on; any other event states one log event. It was known when the
EventSource took it in. Wrong can be: the time, data that is no base64 where it must be. Identity: id.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterable
from typing import Any

from evidence.json_strict import JsonRefused, parse
from evidence.readers import fields
from evidence.readers.contract import Around, Event, Json, Reader, RecordRefused, SourceFacts
from evidence.readers.passed_on import FORGEABLE, passed_on

BASE_EVENT = 0
DETECTION_FINDING, APPLICATION_LIFECYCLE = 2004, 6002


def is_record(record: Json) -> bool:
    """Whether it, or its `context`, has the attributes that every CloudEvent has."""
    if _is_logged(record):
        return True
    context = record.get("context", record)
    return isinstance(context, dict) and all(key in context for key in ("specversion", "type", "source"))


def read(record: Json, around: Around) -> Iterable[Event]:
    """What the data states, else that the event came in."""
    context, at = _context(record)
    taken_in, time_text = fields.time_at(context, "time", at)
    source, kind = fields.text(context, "source", at), fields.text(context, "type", at)
    subject = fields.optional_text(context, "subject", at)
    found = _stated(record, around)
    if found:
        return [{**event, "known_at": taken_in} for event in found]
    event: Event = {
        "pointer": "",
        "kind": "log",
        "class_uid": BASE_EVENT,
        "name": f"{source}/{subject}" if subject else source,
        "activity": kind,
        "message": f"event {subject or ''} of the event source {source} ({kind})".replace("  ", " "),
        "event_time": taken_in,
        "event_time_text": time_text,
    }
    return (event,)


def identity(record: Json) -> str | None:
    """The event's id, unique within its source."""
    context, at = _context(record)
    uid = fields.optional_text(context, "id", at)
    return f"{context.get('source')} {uid}" if uid else None


def _is_logged(record: Json) -> bool:
    """Whether it is the line of a log trigger; a sensor's other lines have no event."""
    return isinstance(record.get("eventContext"), str) and "sensorName" in record and "msg" in record


def _logged_context(written: str) -> Json:
    """The context in a text; whatever is missing or wrong in it is pointed to as one."""
    try:
        context = parse(written.encode())
        if isinstance(context, dict):
            fields.time_at(context, "time")
            for key in ("source", "type"):
                fields.text(context, key)
            return context
    except (JsonRefused, UnicodeEncodeError):
        pass
    except RecordRefused as refused:
        raise RecordRefused(refused.reason, "/eventContext", refused.detail) from None
    raise fields.invalid("/eventContext", written, "the context of an event as JSON")


def _context(record: Json) -> tuple[Json, str]:
    if _is_logged(record):
        return _logged_context(record["eventContext"]), "/eventContext"
    return (fields.mapping(record, "context"), "/context") if "context" in record else (record, "")


def _stated(record: Json, around: Around) -> list[Event]:
    for key in ("msg",) if _is_logged(record) else ("data_base64", "data"):
        value = record.get(key)
        if isinstance(value, str) and value:
            return _stated_in_text(_unpacked(value, key), f"/{key}", around)
        if isinstance(value, dict):
            return passed_on(value, f"/{key}", around)
    return []


def _stated_in_text(data: Any, at: str, around: Around) -> list[Event]:
    """No pointer reaches into a text: all that it states, and what is wrong with it, is pointed to as one."""
    try:
        return [{**event, "pointer": at} for event in passed_on(data, at, around)]
    except RecordRefused as refused:
        raise RecordRefused(refused.reason, at, refused.detail) from None


def _unpacked(value: str, key: str) -> Any:
    """The JSON in a text: as such, or in base64 as a sensor hands bytes on. None when it is neither."""
    try:
        raw = value.encode() if value.lstrip()[:1] in ("{", "[") else b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        if key == "data_base64":
            raise RecordRefused("field_invalid", f"/{key}", f"/{key} is not base64") from None
        return None
    try:
        return parse(raw)
    except JsonRefused:
        return None


FACTS = SourceFacts(
    tool="Argo Events",
    written_by="a sensor's log trigger, or any trigger that is handed the whole event; CloudEvents read from "
    "the EventBus",
    record="one event",
    read="data that is an Alertmanager webhook, a Falco alert, an event envelope or a GitHub deployment, "
    "plain or in base64: its events, as passed on; of any other event that it came in",
    ignored="data in other formats, `header` of webhooks, CloudEvents extensions",
    forgeable=FORGEABLE,
    trust="whoever can reach the event source writes the data: heard, with an envelope's trust, and never a "
    "second source for what another tool says",
    class_uids=(BASE_EVENT, DETECTION_FINDING, APPLICATION_LIFECYCLE),
)

READER = Reader("argo_events", "argo_events", is_record, read, identity, facts=FACTS)
