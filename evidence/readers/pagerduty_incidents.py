"""Reads incidents of PagerDuty's REST API v2 (`{"incidents": []}` or a bare array).

Recognised by `incident_number` or `type: incident` beside `service` and `created_at`. One incident states
that it was triggered, and what responders did: each acknowledgement and the resolution are response
events, never visible to a rule. Its present status is hindsight and is not on the triggered event.
Wrong can be: times, an incident without title. Identity: id and the time of the last change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Gap, Json, Reader, SourceFacts

INCIDENT_FINDING = 2005
URGENCIES = {"high": 4, "low": 2}
_PAGE = re.compile(r"/incidents/([A-Za-z0-9]{1,64})")
PRIORITIES = {"p1": 5, "p2": 4, "p3": 3, "p4": 2, "p5": 1}


def is_record(record: Json) -> bool:
    """Whether it has the keys of an incident."""
    is_incident = "incident_number" in record or record.get("type") == "incident"
    return is_incident and "service" in record and "created_at" in record


def is_envelope(envelope: Json) -> bool:
    """Whether it is a page of incidents."""
    return isinstance(envelope.get("incidents"), list)


def envelope_gaps(envelope: Json) -> Iterable[Gap]:
    """A page that is not the last."""
    return more_available(envelope, "incidents")


def more_available(envelope: Json, what: str) -> Iterator[Gap]:
    """The gap of a page of PagerDuty's API that says `more`."""
    if envelope.get("more") is True:
        yield Gap("more_available", what, f"PagerDuty holds further {what} than this page", "/more")


def read(record: Json, around: Around) -> Iterable[Event]:
    """The trigger, the acknowledgements and the resolution."""
    created, created_text = fields.time_at(record, "created_at")
    severity_text, severity_id = severity_of(record)
    shared = _shared(record)
    trigger: Event = {
        **shared,
        "pointer": "",
        "kind": "alert",
        "activity": "triggered",
        "status": "triggered",
        "message": fields.optional_text(record, "description"),
        "event_time": created,
        "event_time_text": created_text,
        "severity_text": severity_text,
        "severity_id": severity_id,
    }
    return [trigger, *_responses(record, shared)]


def identity(record: Json) -> str | None:
    """The incident at its last change: exports of different days tell of different states."""
    uid = fields.optional_text(record, "id") or fields.optional_text(record, "incident_key")
    changed = fields.loose_text(record, "updated_at", "last_status_change_at", "created_at")
    return f"{uid} {record.get('status')} {changed}" if uid else None


def thread(record: Json) -> tuple[str, str] | None:
    """The page, by PagerDuty's id of the incident."""
    return page_of(record)


def page_of(incident: Json) -> tuple[str, str] | None:
    """The page that an incident, or a reference to one, is about: by its id, else by its address."""
    uid = fields.loose_text(incident, "id")
    address = _PAGE.search(fields.loose_text(incident, "html_url", "self") or "")
    name = uid or (address[1] if address else None)
    return ("page", name) if name else None


def _responses(record: Json, shared: Event) -> Iterator[Event]:
    for index, row in enumerate(fields.optional_objects(record, "acknowledgements")):
        at = f"/acknowledgements/{index}"
        event_time, time_text = fields.time_at(row, "at", at)
        who = fields.optional_text(
            fields.optional_mapping(row, "acknowledger", at), "summary", f"{at}/acknowledger"
        )
        yield _response(shared, "acknowledge", at, event_time, time_text, who)
    if record.get("resolved_at"):
        event_time, time_text = fields.time_at(record, "resolved_at")
        by = fields.optional_mapping(record, "last_status_change_by")
        who = fields.optional_text(by, "summary", "/last_status_change_by")
        yield _response(shared, "resolve", "/resolved_at", event_time, time_text, who)


def _response(
    shared: Event, activity: str, pointer: str, event_time: int, time_text: str, actor: str | None
) -> Event:
    return {
        **shared,
        "pointer": pointer,
        "kind": "response",
        "is_response": True,
        "activity": activity,
        "event_time": event_time,
        "event_time_text": time_text,
        "actor": actor,
    }


def _shared(record: Json) -> Event:
    service = fields.optional_mapping(record, "service")
    return {
        "class_uid": INCIDENT_FINDING,
        "name": fields.text(record, "title"),
        "service_name": fields.optional_text(service, "summary", "/service"),
        "resource_kind": "pagerduty_service",
        "resource": fields.optional_text(service, "id", "/service"),
        "source_url": fields.optional_text(record, "html_url"),
    }


def severity_of(record: Json) -> tuple[str | None, int | None]:
    """The priority where there is one, else the urgency."""
    priority = fields.optional_mapping(record, "priority")
    written = fields.loose_text(priority, "summary", "name")
    if fields.word(written, PRIORITIES) is not None:
        return written, fields.word(written, PRIORITIES)
    urgency = fields.optional_text(record, "urgency")
    return urgency, fields.word(urgency, URGENCIES)


FACTS = SourceFacts(
    tool="PagerDuty",
    written_by="`GET /incidents` of the REST API v2",
    record="one incident",
    read="that it was triggered; acknowledgements and the resolution as responses, never seen by a rule",
    ignored="assignments, escalation policies, notes; the present status, which is hindsight",
    gaps=("more_available",),
    forgeable=("name", "message", "severity_text"),
    trust="whoever holds an integration key may trigger one; it passes on what others found",
    class_uids=(INCIDENT_FINDING,),
)

READER = Reader(
    "pagerduty_incidents",
    "pagerduty",
    is_record,
    read,
    identity,
    containers=(("incidents",),),
    is_envelope=is_envelope,
    envelope_gaps=envelope_gaps,
    thread=thread,
    facts=FACTS,
)
