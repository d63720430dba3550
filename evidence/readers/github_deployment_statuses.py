"""Reads GitHub deployment statuses: the REST list, or webhook bodies with `deployment_status`.

Recognised by `state` beside `deployment_url`, or by `deployment_status`. Success is a change that
happened; every other state tells that GitHub was read and covers changes up to then.
Wrong can be: times, an unknown state. Identity: id and last update; the list's status is another form of the
webhook's, which knows the revision.
"""

from __future__ import annotations

from collections.abc import Iterable

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Json, Reader, SourceFacts
from evidence.readers.github_deployments import (
    APPLICATION_LIFECYCLE,
    repository_of,
    shared_fields,
    unwrap,
)

FORMAT = "github_deployment_statuses"
STATES = frozenset({"error", "failure", "inactive", "in_progress", "pending", "queued", "success", "waiting"})


def is_record(record: Json) -> bool:
    """Whether it is a status, or a webhook body that tells of one."""
    return "deployment_status" in record or ("state" in record and "deployment_url" in record)


def read(record: Json, around: Around) -> Iterable[Event]:
    """One state of a deployment."""
    status, at = _unwrap(record)
    state = fields.text(status, "state", at)
    if state not in STATES:
        raise fields.invalid(f"{at}/state", state, "a state of a deployment")
    event_time, time_text = fields.time_at(status, "created_at", at)
    if "deployment" in record:
        shared = shared_fields(record, *unwrap(record))
    else:
        shared = {**shared_fields(record, status, at), "name": "deploy"}
    event: Event = {
        **shared,
        "pointer": at,
        "activity": "deployed" if state == "success" else "observed",
        "status": state,
        "message": fields.optional_text(status, "description", at),
        "repository": repository_of(record, status, at),
        "environment": fields.optional_text(status, "environment", at) or shared.get("environment"),
        "event_time": event_time,
        "event_time_text": time_text,
        "source_url": fields.optional_text(status, "log_url", at) or fields.optional_text(status, "url", at),
    }
    return (event,)


def identity(record: Json) -> str | None:
    """The status at its last update, as deployments and runs are told apart; the list knows no revision."""
    named = _named(record)
    return f"{'told' if 'deployment' in record else 'listed'} {named}" if named else None


def original(record: Json) -> tuple[str, str] | None:
    """The webhook of a status that the list holds, which says the same and what was deployed."""
    named = None if "deployment" in record else _named(record)
    return (FORMAT, f"told {named}") if named else None


def _named(record: Json) -> str | None:
    status, _ = _unwrap(record)
    uid = fields.loose_text(status, "id")
    return f"{uid} {fields.loose_text(status, 'updated_at', 'created_at')}" if uid else None


def _unwrap(record: Json) -> tuple[Json, str]:
    if "deployment_status" in record:
        return fields.mapping(record, "deployment_status"), "/deployment_status"
    return record, ""


FACTS = SourceFacts(
    tool="GitHub",
    written_by="`GET /repos/OWNER/REPO/deployments/ID/statuses`, `deployment_status` webhooks",
    record="one status; what the list and a webhook tell of one counts once",
    read="success as a change, every other state as word that GitHub was read",
    ignored="`environment_url`, `target_url`",
    forgeable=("environment", "message", "status"),
    trust="whoever may create deployments reports their states",
    class_uids=(APPLICATION_LIFECYCLE,),
)

READER = Reader(FORMAT, "github", is_record, read, identity, facts=FACTS, original=original)
