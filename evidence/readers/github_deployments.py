"""Reads GitHub deployments: the REST list, or webhook bodies (`{"deployment": …, "repository": …}`).

Recognised by `sha`, `ref` and `task` of the record or of its `deployment`. A deployment states that it
was begun, and that GitHub was read and covers changes up to the deployment's last update.
Wrong can be: times, ids of another type. Identity: id and last update.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Json, Reader, SourceFacts

APPLICATION_LIFECYCLE = 6002
_REPOSITORY = re.compile(r"/repos/([^/]+/[^/]+?)(?:/|$)")


def is_record(record: Json) -> bool:
    """Whether it is a deployment, or a webhook body that tells of one and of no status."""
    if "deployment_status" in record:
        return False
    inner = record.get("deployment", record)
    return isinstance(inner, dict) and "sha" in inner and "ref" in inner and "task" in inner


def read(record: Json, around: Around) -> Iterable[Event]:
    """The deployment and the coverage."""
    deployment, at = unwrap(record)
    shared = shared_fields(record, deployment, at)
    created, created_text = fields.time_at(deployment, "created_at", at)
    updated, updated_text = fields.time_at(deployment, "updated_at", at)
    begun: Event = {
        **shared,
        "pointer": at,
        "activity": "deployed",
        "status": "created",
        "message": fields.optional_text(deployment, "description", at),
        "event_time": created,
        "event_time_text": created_text,
    }
    observed: Event = {
        **shared,
        "pointer": f"{at}/updated_at",
        "activity": "observed",
        "event_time": updated,
        "event_time_text": updated_text,
    }
    return begun, observed


def identity(record: Json) -> str | None:
    """The deployment at its last update."""
    deployment, _ = unwrap(record)
    uid = fields.loose_text(deployment, "id")
    return f"{uid} {deployment['updated_at']}" if uid else None


def unwrap(record: Json) -> tuple[Json, str]:
    """(deployment, its pointer) of a record that is one or holds one."""
    if "deployment" in record:
        return fields.mapping(record, "deployment"), "/deployment"
    return record, ""


def shared_fields(record: Json, deployment: Json, at: str) -> Event:
    """What deployments and their statuses say alike; a status read by itself knows no revision."""
    creator = fields.optional_mapping(deployment, "creator", at)
    sha = fields.optional_text(deployment, "sha", at)
    return {
        "kind": "change",
        "class_uid": APPLICATION_LIFECYCLE,
        "name": fields.optional_text(deployment, "task", at) or "deploy",
        "repository": repository_of(record, deployment, at),
        "environment": fields.optional_text(deployment, "environment", at),
        "revision": sha,
        "commit_sha": sha,
        "branch": fields.optional_text(deployment, "ref", at),
        "initiator": fields.optional_text(creator, "login", f"{at}/creator"),
        "source_url": fields.optional_text(deployment, "url", at),
    }


def repository_of(record: Json, inner: Json, at: str) -> str | None:
    """owner/name, of the webhook's repository or of the API address."""
    name = fields.loose_text(fields.loose_mapping(record, "repository"), "full_name")
    url = fields.optional_text(inner, "repository_url", at)
    match = _REPOSITORY.search(url) if url else None
    return name or (match.group(1) if match else None)


FACTS = SourceFacts(
    tool="GitHub",
    written_by="`GET /repos/OWNER/REPO/deployments`, `deployment` webhooks",
    record="one deployment",
    read="what was deployed where, by whom, from which commit",
    ignored="`payload`, `performed_via_github_app`",
    forgeable=("environment", "message", "branch"),
    trust="whoever may create deployments chooses environment, description and ref",
    class_uids=(APPLICATION_LIFECYCLE,),
)

READER = Reader("github_deployments", "github", is_record, read, identity, facts=FACTS)
