"""Reads Argo CD Applications (`argocd app get -o json`, `kubectl get applications -o json`).

Recognised by a `spec` with source and destination beside `status`, which a new Application has not yet: that
one states nothing. One Application states: one change per row of `status.history`; the running or failed
operation when the history does not hold it; and one `observed` event: the source was read and covers
changes up to then. Wrong can be: times, a history that is no array. Identity: uid and resourceVersion.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Gap, Json, Reader, SourceFacts
from evidence.readers.kubernetes_views import list_gaps
from evidence.readers.repository_names import repository_of_url

APPLICATION_LIFECYCLE = 6002
HISTORY_LIMIT_DEFAULT = 10
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def is_record(record: Json) -> bool:
    """Whether it has the parts of an Application; without a status its kind tells."""
    if str(record.get("apiVersion", "argoproj.io/")).startswith("argoproj.io/"):
        spec, status = record.get("spec"), record.get("status")
        is_new = status is None and record.get("kind") == "Application"
        if isinstance(spec, dict) and (is_new or isinstance(status, dict)) and "destination" in spec:
            return "source" in spec or "sources" in spec
    return False


def is_envelope(envelope: Json) -> bool:
    """Whether it is a list of Applications."""
    return envelope.get("kind") == "ApplicationList"


def read(record: Json, around: Around) -> Iterable[Event]:
    """The changes of the history, the operation and the coverage, each with its pointer."""
    status = fields.optional_mapping(record, "status")
    shared = _shared(record)
    history = fields.optional_objects(status, "history", "/status")
    operation = fields.optional_mapping(status, "operationState", "/status")
    events = list(_history(history, operation, shared))
    events += _operation(history, operation, shared)
    events += _observed(status, operation, shared)
    return events


def identity(record: Json) -> str | None:
    """The object and its version."""
    metadata = fields.optional_mapping(record, "metadata")
    uid, version = metadata.get("uid"), metadata.get("resourceVersion")
    return f"{uid} {version}" if uid and version else None


def record_gaps(record: Json, around: Around) -> Iterable[Gap]:
    """A history as long as its limit may have lost its beginning."""
    if record.get("status") is None:
        return
    limit = fields.optional_integer(record["spec"], "revisionHistoryLimit", "/spec")
    limit = HISTORY_LIMIT_DEFAULT if limit is None else limit
    count = len(fields.optional_items(record["status"], "history", "/status"))
    if count >= limit:
        name = record["metadata"]["name"]
        detail = f"the history of {name} holds {count} rows, its limit: older changes are gone"
        yield Gap("change_history_at_limit", name, detail, "/status/history")


def _shared(record: Json) -> Event:
    metadata = fields.mapping(record, "metadata")
    spec = fields.mapping(record, "spec")
    destination = fields.optional_mapping(spec, "destination", "/spec")
    name = fields.text(metadata, "name", "/metadata")
    return {
        "kind": "change",
        "class_uid": APPLICATION_LIFECYCLE,
        "name": name,
        "application": name,
        "namespace": fields.optional_text(destination, "namespace", "/spec/destination"),
        "cluster": fields.optional_text(destination, "name", "/spec/destination"),
        "repository": repository_of_url(
            fields.optional_text(_source(spec, "/spec"), "repoURL", "/spec/source")
        ),
    }


def _history(history: Any, operation: Json, shared: Event) -> Iterator[Event]:
    previous: str | None = None
    for index, row in enumerate(history):
        at = f"/status/history/{index}"
        revision = _revision(row, at)
        event_time, time_text = fields.time_at(row, "deployedAt", at)
        by = fields.optional_mapping(row, "initiatedBy", at)
        if not by and _is_same_sync(row, operation):
            by = _initiated_by(operation)
        yield {
            **shared,
            **_change(revision, _source(row, at), by, at),
            "pointer": at,
            "activity": "synced",
            "status": "Succeeded",
            "sync_status": "Synced",
            "event_time": event_time,
            "event_time_text": time_text,
            "previous_revision": previous,
        }
        previous = revision


def _operation(history: Any, operation: Json, shared: Event) -> Iterator[Event]:
    """The operation, unless it is the sync that the history's last row already tells of."""
    at = "/status/operationState"
    if not operation or (history and _is_same_sync(history[-1], operation)):
        return
    phase = fields.text(operation, "phase", at)
    key = "finishedAt" if operation.get("finishedAt") else "startedAt"
    event_time, time_text = fields.time_at(operation, key, at)
    result = fields.optional_mapping(operation, "syncResult", at)
    revision = _revision(result, f"{at}/syncResult", is_required=False)
    yield {
        **shared,
        **_change(revision, _source(result, f"{at}/syncResult"), _initiated_by(operation), at),
        "pointer": at,
        # A sync that failed or runs may have applied part of its resources.
        "activity": "synced" if phase == "Succeeded" else "configured",
        "status": phase,
        "message": fields.optional_text(operation, "message", at),
        "event_time": event_time,
        "event_time_text": time_text,
        "previous_revision": _revision(history[-1], "/status/history", is_required=False)
        if history
        else None,
    }


def _observed(status: Json, operation: Json, shared: Event) -> Iterator[Event]:
    if status.get("reconciledAt"):
        pointer = "/status/reconciledAt"
        event_time, time_text = fields.time_at(status, "reconciledAt", "/status")
    elif operation.get("finishedAt"):
        pointer = "/status/operationState/finishedAt"
        event_time, time_text = fields.time_at(operation, "finishedAt", "/status/operationState")
    else:
        return
    sync = fields.optional_mapping(status, "sync", "/status")
    health = fields.optional_mapping(status, "health", "/status")
    yield {
        **shared,
        "pointer": pointer,
        "activity": "observed",
        "event_time": event_time,
        "event_time_text": time_text,
        "status": fields.optional_text(health, "status", "/status/health"),
        "sync_status": fields.optional_text(sync, "status", "/status/sync"),
        "revision": _revision(sync, "/status/sync", is_required=False),
    }


def _change(revision: str | None, source: Json, by: Json, at: str) -> Event:
    username = fields.optional_text(by, "username", f"{at}/initiatedBy")
    is_automated = fields.optional_boolean(by, "automated", f"{at}/initiatedBy")
    return {
        "revision": revision,
        "commit_sha": revision if revision and _COMMIT.fullmatch(revision) else None,
        "branch": fields.optional_text(source, "targetRevision", f"{at}/source"),
        "initiator": username or ("automated sync" if is_automated else None),
        # Argo CD leaves `automated` out when it is false: a named user says that it is.
        "is_auto_sync": is_automated if is_automated is not None else (False if username else None),
    }


def _initiated_by(operation: Json) -> Json:
    at = "/status/operationState"
    inner = fields.optional_mapping(operation, "operation", at)
    return fields.optional_mapping(inner, "initiatedBy", f"{at}/operation")


def _is_same_sync(row: Json, operation: Json) -> bool:
    result = fields.optional_mapping(operation, "syncResult", "/status/operationState")
    is_same_revision = row.get("revision") == result.get("revision") and row.get("revisions") == result.get(
        "revisions"
    )
    return operation.get("finishedAt") == row.get("deployedAt") and is_same_revision


def _revision(row: Json, at: str, *, is_required: bool = True) -> str | None:
    """The revision; an application of several sources has one per source, joined by commas."""
    revisions = fields.optional_items(row, "revisions", at)
    if revisions and all(isinstance(revision, str) for revision in revisions):
        return ",".join(revisions)
    return fields.text(row, "revision", at) if is_required else fields.optional_text(row, "revision", at)


def _source(row: Json, at: str) -> Json:
    sources = fields.optional_objects(row, "sources", at)
    return sources[0] if sources else fields.optional_mapping(row, "source", at)


FACTS = SourceFacts(
    tool="Argo CD",
    written_by="`argocd app get APP -o json`, `kubectl get applications -o json`",
    record="one Application",
    read="every row of the history as a change; the operation that the history does not hold; that the "
    "controller looked, at `status.reconciledAt`",
    ignored="`status.resources`, `conditions`, manifests, all sources but the first of several",
    gaps=("change_history_at_limit", "more_available"),
    trust="whoever may edit the Application can rewrite its status and history",
    class_uids=(APPLICATION_LIFECYCLE,),
)

READER = Reader(
    "argocd_application",
    "argocd",
    is_record,
    read,
    identity,
    containers=(("items",),),
    is_envelope=is_envelope,
    envelope_gaps=list_gaps,
    record_gaps=record_gaps,
    facts=FACTS,
)
