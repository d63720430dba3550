"""Reads events of Flux's notification-controller, as its `generic` provider posts them: lines or an array.

Recognised by `involvedObject` and `reason` beside `severity` and `timestamp`. One event is one record. A Helm
install, upgrade or rollback, corrected drift, and a list of objects that were created, configured or deleted
are changes, and so is an uninstall, after which no revision runs; any other event is something that happened
to the object. None covers a time without changes: the controller drops what repeats, and delivers as well as
it can. Wrong can be: the time, an unknown severity, an object without kind or name. It has no identity but
its bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Gap, Json, Reader, SourceFacts
from evidence.readers.flux_names import APPLIERS, revision_fields
from evidence.readers.kubernetes_names import WORKLOAD_KINDS

APPLICATION_LIFECYCLE = 6002
SEVERITIES = {"trace": 1, "info": 1, "error": 4}
_DONE = frozenset({"DriftCorrected", "InstallSucceeded", "RollbackSucceeded", "UpgradeSucceeded"})
_BEGUN = frozenset({"InstallFailed", "RollbackFailed", "UpgradeFailed"})
_REMOVED = frozenset({"UninstallFailed", "UninstallSucceeded"})
_CHANGED = re.compile(r"^([A-Za-z]+)/(?:([^/\s]+)/)?([^/\s]+) (created|configured|deleted)$", re.MULTILINE)
_RELEASE = re.compile(r"release \S+/(\S+\.v\d+ with chart \S+)")


def is_record(record: Json) -> bool:
    """Whether it has the keys of an event of Flux; Kubernetes' own Events have no severity."""
    return (
        "involvedObject" in record and "reason" in record and "severity" in record and "timestamp" in record
    )


def read(record: Json, around: Around) -> Iterable[Event]:
    """One change, or one event in the object's life."""
    event_time, time_text = fields.time_at(record, "timestamp")
    target = fields.mapping(record, "involvedObject")
    kind = fields.text(target, "kind", "/involvedObject")
    name = fields.text(target, "name", "/involvedObject")
    reason = fields.text(record, "reason")
    message = fields.optional_text(record, "message") or ""
    severity = fields.text(record, "severity")
    if severity not in SEVERITIES:
        raise fields.invalid("/severity", severity, f"one of {', '.join(SEVERITIES)}")
    activity = _activity(kind, reason, message)
    event: Event = {
        "pointer": "",
        "kind": "change" if activity else "lifecycle",
        "class_uid": APPLICATION_LIFECYCLE,
        "name": name if activity else reason,
        "activity": activity or "reconciled",
        "message": message or None,
        "status": reason,
        "severity_text": severity,
        "severity_id": SEVERITIES[severity],
        "event_time": event_time,
        "event_time_text": time_text,
        "namespace": fields.optional_text(target, "namespace", "/involvedObject"),
        "application": name if kind in APPLIERS else None,
        "service_name": name if kind in APPLIERS else None,
        "resource_kind": kind,
        "resource": f"{target.get('namespace', '')}/{name}",
        "initiator": "Flux",
        "is_auto_sync": True,
    }
    event.update({**_revision(record, message), **_workload(message)})
    if activity and reason in _REMOVED:
        gone = event["revision"]
        event.update({"previous_revision": gone, "revision": None, "commit_sha": None, "branch": None})
    return (event,)


def format_gaps(event: Event) -> Iterable[Gap]:
    """What the controller's documentation says: it limits the rate and does not try for ever."""
    detail = "Flux drops repeated events and delivers the others as well as it can: there may have been more"
    yield Gap("delivery_best_effort", "events", detail)


def _activity(kind: str, reason: str, message: str) -> str | None:
    """The change that it tells of; None when it tells of none."""
    if kind not in APPLIERS:
        return None
    if reason in _DONE:
        return "synced"
    return "configured" if reason in _BEGUN | _REMOVED or _CHANGED.search(message) else None


def _revision(record: Json, message: str) -> Event:
    """The Git commit where the metadata has one, else Helm's release as the message names it."""
    metadata = fields.optional_mapping(record, "metadata")
    found: dict[str, str] = {}
    for key, value in metadata.items():
        if isinstance(value, str):
            found[key.rpartition("/")[2]] = value
    release = _RELEASE.search(message)
    written = found.get("originRevision") or (release.group(1) if release else found.get("revision"))
    return {**revision_fields(written), "cluster": found.get("cluster"), "environment": found.get("env")}


def _workload(message: str) -> Event:
    """The one workload that the message lists; several are left to the object that applies them."""
    listed = {
        (kind, namespace, name)
        for kind, namespace, name, _ in _CHANGED.findall(message)
        if kind in WORKLOAD_KINDS
    }
    if len(listed) != 1:
        return {}
    ((kind, namespace, name),) = listed
    return {"workload": name, "workload_kind": kind, "namespace": namespace or None, "service_name": None}


READER = Reader(
    "flux_events",
    "flux",
    is_record,
    read,
    format_gaps=format_gaps,
    facts=SourceFacts(
        tool="Flux",
        written_by="the notification-controller's `generic` or `generic-hmac` provider, bodies as posted",
        record="one event",
        read="installs, upgrades, rollbacks, uninstalls, corrected drift and lists of changed objects as "
        "changes; every other event as what happened to the object",
        ignored="metadata besides revision, cluster and env; the HMAC signature (it is no part of the body)",
        gaps=("delivery_best_effort",),
        forgeable=("message", "cluster", "environment"),
        trust="without HMAC anybody who reaches the receiver may post; the Alert's author adds metadata",
        class_uids=(APPLICATION_LIFECYCLE,),
    ),
)
