"""Reads log entries of PagerDuty's REST API v2 (`{"log_entries": []}` or a bare array).

Recognised by a `type` that ends in `_log_entry`. A trigger is an alert; a resolution by the monitored
system is that alert's end; all else is what responders did, and never visible to a rule.
Wrong can be: the time. Identity: id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Gap, Json, Reader, SourceFacts
from evidence.readers.pagerduty_incidents import INCIDENT_FINDING, more_available, page_of

_NUMBER = re.compile(r"\[#\d+\] ")
_SUFFIX = "_log_entry"


def is_record(record: Json) -> bool:
    """Whether it has the keys of a log entry."""
    return str(record.get("type", "")).endswith(_SUFFIX) and "created_at" in record


def is_envelope(envelope: Json) -> bool:
    """Whether it is a page of log entries."""
    return isinstance(envelope.get("log_entries"), list)


def envelope_gaps(envelope: Json) -> Iterable[Gap]:
    """A page that is not the last."""
    return more_available(envelope, "log_entries")


def read(record: Json, around: Around) -> Iterable[Event]:
    """One alert or response event."""
    event_time, time_text = fields.time_at(record, "created_at")
    word = fields.text(record, "type").removesuffix(_SUFFIX)
    agent = fields.optional_mapping(record, "agent")
    kind, activity = _kind(word, fields.optional_text(agent, "type", "/agent"))
    service = fields.optional_mapping(record, "service")
    event: Event = {
        "pointer": "",
        "kind": kind,
        "class_uid": INCIDENT_FINDING,
        "name": _title(record),
        "activity": activity,
        "status": activity,
        "message": fields.optional_text(record, "summary"),
        "is_response": kind == "response",
        "event_time": event_time,
        "event_time_text": time_text,
        "actor": fields.optional_text(agent, "summary", "/agent") if kind == "response" else None,
        "service_name": fields.optional_text(service, "summary", "/service"),
        "resource_kind": "pagerduty_service",
        "resource": fields.optional_text(service, "id", "/service"),
        # The API leaves the entry's own address out more often than not.
        "source_url": fields.optional_text(record, "html_url")
        or fields.loose_text(fields.loose_mapping(record, "incident"), "html_url"),
    }
    return (event,)


def identity(record: Json) -> str | None:
    """PagerDuty's id of the entry."""
    return fields.optional_text(record, "id")


def thread(record: Json) -> tuple[str, str] | None:
    """The page that the entry belongs to."""
    page = page_of(fields.loose_mapping(record, "incident"))
    return page or page_of({"html_url": fields.loose_text(record, "html_url")})


def _kind(word: str, agent: str | None) -> tuple[str, str]:
    """(kind, activity): people are users; services and integrations are the monitored system."""
    if word == "trigger":
        return "alert", "triggered"
    if word == "resolve" and agent is not None and not agent.startswith("user"):
        return "alert", "resolved"
    return "response", word


def _title(record: Json) -> str:
    """The incident's title, under which its other records go."""
    incident = fields.optional_text(fields.optional_mapping(record, "incident"), "summary", "/incident")
    if incident:
        return _NUMBER.sub("", incident, count=1) or incident
    channel = fields.optional_mapping(record, "channel")
    return fields.optional_text(channel, "summary", "/channel") or fields.text(record, "summary")


FACTS = SourceFacts(
    tool="PagerDuty",
    written_by="`GET /log_entries`, `GET /incidents/ID/log_entries` of the REST API v2",
    record="one log entry",
    read="triggers and resolutions by integrations as alerts, what people did as responses",
    ignored="channels but for their summary, notifications' details",
    gaps=("more_available",),
    forgeable=("name", "message"),
    trust="whoever holds an integration key may trigger one; it passes on what others found",
    class_uids=(INCIDENT_FINDING,),
)

READER = Reader(
    "pagerduty_log_entries",
    "pagerduty",
    is_record,
    read,
    identity,
    containers=(("log_entries",),),
    is_envelope=is_envelope,
    envelope_gaps=envelope_gaps,
    thread=thread,
    facts=FACTS,
)
