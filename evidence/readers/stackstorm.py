"""Reads StackStorm trigger instances: `st2 trigger-instance list -j` (an array) or `get ID -j` (one object).

Recognised by `trigger` beside `occurrence_time`. The payload of a webhook that another reader knows is read
by it, as passed on; any other instance states one log event. It was known when StackStorm noted it.
Wrong can be: the time, an unknown status, a payload that breaks its own format. Identity: id and status.
"""

from __future__ import annotations

from collections.abc import Iterable

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Json, Reader, SourceFacts
from evidence.readers.passed_on import FORGEABLE, passed_on

BASE_EVENT = 0
DETECTION_FINDING, APPLICATION_LIFECYCLE = 2004, 6002
STATUSES = frozenset({"pending", "processed", "processing", "processing_failed"})


def is_record(record: Json) -> bool:
    """Whether it has the keys of a trigger instance."""
    return "trigger" in record and "occurrence_time" in record


def read(record: Json, around: Around) -> Iterable[Event]:
    """What the payload states, else that the trigger fired."""
    occurred, time_text = fields.time_at(record, "occurrence_time")
    trigger = fields.text(record, "trigger")
    status = fields.optional_text(record, "status")
    if status is not None and status not in STATUSES:
        raise fields.invalid("/status", status, f"one of {', '.join(sorted(STATUSES))}")
    payload = fields.optional_mapping(record, "payload")
    found = passed_on(payload, "/payload", around)
    if found:
        return [{**event, "known_at": occurred} for event in found]
    event: Event = {
        "pointer": "",
        "kind": "log",
        "class_uid": BASE_EVENT,
        "name": trigger,
        "activity": status,
        "status": status,
        "message": f"trigger {trigger}" + (f", {status}" if status else ""),
        "event_time": occurred,
        "event_time_text": time_text,
    }
    return (event,)


def identity(record: Json) -> str | None:
    """The instance in its state; a list leaves the payload out, so that it is another record."""
    uid = fields.optional_text(record, "id")
    return f"{uid} {record.get('status')} {'payload' in record}" if uid else None


FACTS = SourceFacts(
    tool="StackStorm",
    written_by="`st2 trigger-instance list -j`, `st2 trigger-instance get ID -j`",
    record="one trigger instance",
    read="a webhook's payload that is an Alertmanager webhook, a Falco alert, an event envelope or a GitHub "
    "deployment: its events, as passed on; of any other instance that its trigger fired",
    ignored="payloads in other formats, `headers`, rule enforcements, executions",
    forgeable=FORGEABLE,
    trust="whoever can reach the webhook writes the payload: heard, with an envelope's trust, and never a "
    "second source for what another tool says",
    class_uids=(BASE_EVENT, DETECTION_FINDING, APPLICATION_LIFECYCLE),
)

READER = Reader("stackstorm_trigger_instances", "stackstorm", is_record, read, identity, facts=FACTS)
