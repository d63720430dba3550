"""Reads alerts of Alertmanager's API v2: `/api/v2/alerts/groups` and `/api/v2/alerts`, as curl keeps them.

Recognised by `startsAt` and `labels` beside a `status` that is an object. One alert is one record and one
event: firing at `startsAt`, because the API lists no other. A group repeats the alerts of another receiver's
group: copies are duplicates. `endsAt` lies ahead, when it would be taken for over: it says nothing.
Wrong can be: times, labels that are no text, an unknown state.
Identity: fingerprint (else the labels), startsAt, updatedAt and state, so that polls do not contradict
each other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from evidence.readers import fields
from evidence.readers.alertmanager import DETECTION_FINDING, FORGEABLE, alert_event, thread
from evidence.readers.contract import Around, Event, Json, Reader, SourceFacts

STATES = frozenset({"active", "suppressed", "unprocessed"})


def is_record(record: Json) -> bool:
    """Whether it has the keys of an alert of the API (`status` is an object there, a word in webhooks)."""
    return "startsAt" in record and "labels" in record and isinstance(record.get("status"), dict)


def is_envelope(envelope: Json) -> bool:
    """Whether it is a group: its receiver is an object."""
    return isinstance(envelope.get("alerts"), list) and isinstance(envelope.get("receiver"), dict)


def read(record: Json, around: Around) -> Iterable[Event]:
    """One alert; a silenced or inhibited one fires all the same, and its status says so."""
    state = _state(record)
    if state not in STATES:
        raise fields.invalid("/status/state", state, "active, suppressed or unprocessed")
    event = alert_event(record, "firing", *fields.time_at(record, "startsAt"))
    return ({**event, "status": state},)


def identity(record: Json) -> str | None:
    """The alert, its beginning, and when and how it was last seen."""
    name = record.get("fingerprint") or json.dumps(record["labels"], sort_keys=True)
    return f"{name} {record['startsAt']} {record.get('updatedAt')} {_state(record)}"


def _state(record: Json) -> str:
    return fields.text(fields.mapping(record, "status"), "state", "/status")


READER = Reader(
    "alertmanager_api",
    "alertmanager",
    is_record,
    read,
    identity,
    containers=(("alerts",),),
    is_envelope=is_envelope,
    thread=thread,
    facts=SourceFacts(
        tool="Alertmanager",
        written_by="`curl …/api/v2/alerts/groups`, `curl …/api/v2/alerts`, `amtool alert query -o json`",
        record="one alert, also within its group",
        read="alert name, labels, severity, `startsAt`; a silenced or inhibited alert is *firing* with the "
        "status *suppressed*",
        ignored="`endsAt` (it lies ahead), receivers, the group's labels; resolved alerts are not in the API",
        forgeable=FORGEABLE,
        trust="whoever writes alerting rules, or may post to the API, chooses name, labels and severity",
        class_uids=(DETECTION_FINDING,),
    ),
)
