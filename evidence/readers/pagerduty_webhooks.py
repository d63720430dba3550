"""Reads PagerDuty's v3 webhooks: one body, one a line, or an array of them, also of the bare events.

Recognised by `event_type` beside `occurred_at`, at the top or within `event`. A trigger is an alert; a
resolution by the monitored system is that alert's end; all else is what responders did, as PagerDuty's log
entries say it, and never visible to a rule. The signature is in a header, outside the file: nothing here
proves who posted. Wrong can be: the time, an event without title. Identity: the event's id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Gap, Json, Reader, SourceFacts
from evidence.readers.pagerduty_incidents import INCIDENT_FINDING, page_of, severity_of

_NUMBER = re.compile(r"\[#\d+\] ")
# The word of the log entry that PagerDuty writes for the same act.
_ACTS = {
    "acknowledged": "acknowledge",
    "annotated": "annotate",
    "delegated": "delegate",
    "escalated": "escalate",
    "priority_updated": "priority_change",
    "reassigned": "assign",
    "reopened": "reopen",
    "resolved": "resolve",
    "responder.added": "responder_request",
    "responder.replied": "responder_reply",
    "status_update_published": "status_update",
    "unacknowledged": "unacknowledge",
}
_PING = "pagey.ping"


def is_record(record: Json) -> bool:
    """Whether it is a body of a webhook or an event out of one."""
    event = record.get("event", record)
    return isinstance(event, dict) and "event_type" in event and "occurred_at" in event and "data" in event


def read(record: Json, around: Around) -> Iterable[Event]:
    """One alert or response event; the ping that tests a subscription states nothing."""
    event, at = _unwrap(record)
    word = fields.text(event, "event_type", at)
    if word == _PING:
        return ()
    event_time, time_text = fields.time_at(event, "occurred_at", at)
    agent = fields.optional_mapping(event, "agent", at)
    data = fields.mapping(event, "data", at)
    kind, activity = _kind(word, fields.optional_text(agent, "type", f"{at}/agent"))
    service = fields.optional_mapping(data, "service", f"{at}/data")
    severity_text, severity_id = severity_of(data) if kind == "alert" else (None, None)
    stated: Event = {
        "pointer": at,
        "kind": kind,
        "class_uid": INCIDENT_FINDING,
        "name": _title(data, f"{at}/data"),
        "activity": activity,
        "status": activity,
        "message": fields.loose_text(data, "content", "message"),
        "is_response": kind == "response",
        "event_time": event_time,
        "event_time_text": time_text,
        "severity_text": severity_text,
        "severity_id": severity_id,
        "actor": fields.optional_text(agent, "summary", f"{at}/agent") if kind == "response" else None,
        "service_name": fields.optional_text(service, "summary", f"{at}/data/service"),
        "resource_kind": "pagerduty_service",
        "resource": fields.optional_text(service, "id", f"{at}/data/service"),
        "source_url": fields.optional_text(data, "html_url", f"{at}/data"),
    }
    return (stated,)


def identity(record: Json) -> str | None:
    """PagerDuty's id of the event: a delivery that is tried again has the same."""
    event, at = _unwrap(record)
    return fields.optional_text(event, "id", at)


def record_gaps(record: Json, around: Around) -> Iterable[Gap]:
    """A note or update of which PagerDuty sent the beginning only."""
    event, at = _unwrap(record)
    if fields.loose_mapping(event, "data").get("trimmed") is True:
        yield Gap("records_truncated", "data", "PagerDuty cut the text off", f"{at}/data/trimmed")


def thread(record: Json) -> tuple[str, str] | None:
    """The page that the event is about: its data are the incident, or name it."""
    event = record.get("event", record)
    data = fields.loose_mapping(event, "data")
    incident = fields.loose_mapping(data, "incident")
    if incident:
        return page_of(incident)
    is_incident = str(fields.loose_text(event, "event_type")).startswith("incident.")
    return page_of(data) if is_incident and data.get("type", "incident") == "incident" else None


def _unwrap(record: Json) -> tuple[Json, str]:
    if "event" in record:
        return fields.mapping(record, "event"), "/event"
    return record, ""


def _kind(word: str, agent: str | None) -> tuple[str, str]:
    """(kind, activity): people are users; services and integrations, or nobody, are the monitored system."""
    resource, _, act = word.partition(".")
    if word == "incident.triggered":
        return "alert", "triggered"
    if word == "incident.resolved" and not (agent or "").startswith("user"):
        return "alert", "resolved"
    return "response", _ACTS.get(act, act) if resource == "incident" else word


def _title(data: Json, at: str) -> str:
    """The incident's title, under which its other records go."""
    incident = fields.optional_mapping(data, "incident", at)
    written = fields.loose_text(data, "title") or fields.optional_text(incident, "summary", f"{at}/incident")
    if written is None:
        return fields.text(data, "summary" if "summary" in data else "title", at)
    return _NUMBER.sub("", written, count=1) or written


READER = Reader(
    "pagerduty_webhooks",
    "pagerduty",
    is_record,
    read,
    identity,
    record_gaps=record_gaps,
    thread=thread,
    facts=SourceFacts(
        tool="PagerDuty",
        written_by="v3 webhook subscriptions, bodies kept as they were posted",
        record="one body with its event",
        read="triggers and the monitored system's resolutions as alerts; what people did, with who and when",
        ignored="assignees, teams, escalation policy, conference bridge; the signature, which is a header",
        gaps=("records_truncated",),
        forgeable=("name", "message", "severity_text", "service_name"),
        trust="without its `X-PagerDuty-Signature` a body may be anybody's; titles are the monitored tool's",
        class_uids=(INCIDENT_FINDING,),
    ),
)
