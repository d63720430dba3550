"""Owns what a Pod object states: when it was placed, and how its containers ran, waited and ended.

A restart that left its termination behind is dated by it; a container that waits to be tried again waits
since that termination, and one that never ran since its pod was last found unready. A container of which the
kubelet lost sight (ContainerStatusUnknown) has no end of its own: it ended by the time at which it started
again, or else when its pod was disrupted or found unready. What has no time of its
own and none of these is dated by the pod's start or creation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evidence.readers import fields
from evidence.readers.contract import Event, Json
from evidence.readers.kubernetes_names import WORKLOAD_KINDS, service_of_labels, workload_fields

APPLICATION_LIFECYCLE = 6002
NORMAL, WARNING = 1, 3
ACTIVITIES = frozenset(
    {
        "container started",
        "container terminated",
        "container waiting",
        "pod created",
        "pod deleted",
        "pod failed",
        "pod scheduled",
        "pod unscheduled",
    }
)
_STATUSES = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
# Reasons for which a container waits that are no fault: it has not come to its turn yet.
_PATIENT = frozenset({"ContainerCreating", "PodInitializing"})
_OWNER = "pod-template-hash"
_EMPTY: Json = {}

Stated = tuple[str, str, str, int, str | None, int, str]
"""(pointer, activity, name, severity, message, ns, text)."""


def is_pod(value: Any) -> bool:
    """Whether it has the parts of a Pod; items of a PodList bear no kind of their own."""
    if not isinstance(value, dict) or value.get("kind", "Pod") != "Pod":
        return False
    spec, status = value.get("spec"), value.get("status")
    return isinstance(spec, dict) and isinstance(status, dict) and "containers" in spec


def read_pod(pod: Json) -> list[Event]:
    """Its events, in the order of the record; at least the creation."""
    shared = _shared(pod)
    stated = [*_placed(pod), *_containers(pod), *_ended(pod)] or list(_created(pod))
    return [
        {
            **shared,
            "pointer": pointer,
            "activity": activity,
            "name": name,
            "severity_id": severity,
            "status": name,
            "message": message,
            "event_time": event_time,
            "event_time_text": time_text,
        }
        for pointer, activity, name, severity, message, event_time, time_text in stated
    ]


def _shared(pod: Json) -> Event:
    metadata = fields.mapping(pod, "metadata")
    name = fields.text(metadata, "name", "/metadata")
    labels = fields.text_labels(metadata, "labels", "/metadata")
    shared: Event = {
        "kind": "lifecycle",
        "class_uid": APPLICATION_LIFECYCLE,
        "namespace": fields.optional_text(metadata, "namespace", "/metadata"),
        "node": fields.optional_text(fields.mapping(pod, "spec"), "nodeName", "/spec"),
        "service_name": service_of_labels(labels),
        "resource_kind": "Pod",
        "resource": name,
    }
    shared.update(workload_fields("Pod", name))  # type: ignore[typeddict-item]
    for index, owner in enumerate(fields.optional_objects(metadata, "ownerReferences", "/metadata")):
        if owner.get("controller") is True and str(owner.get("kind")) in WORKLOAD_KINDS:
            at = f"/metadata/ownerReferences/{index}"
            shared.update(_owned(owner["kind"], fields.text(owner, "name", at), labels))
    return shared


def _owned(kind: str, name: str, labels: Json) -> Event:
    """The controller; a ReplicaSet that bears its template's hash belongs to a Deployment."""
    suffix = f"-{labels.get(_OWNER, '')}"
    if kind == "ReplicaSet" and labels.get(_OWNER) and name.endswith(suffix):
        return {"workload": name.removesuffix(suffix), "workload_kind": "Deployment"}
    return {"workload": name, "workload_kind": kind}


def _placed(pod: Json) -> Iterator[Stated]:
    for index, row in enumerate(fields.optional_objects(pod["status"], "conditions", "/status")):
        if row.get("type") == "PodScheduled" and row.get("lastTransitionTime"):
            at = f"/status/conditions/{index}"
            is_placed = row.get("status") == "True"
            yield (
                at,
                "pod scheduled" if is_placed else "pod unscheduled",
                "Scheduled" if is_placed else "FailedScheduling",
                NORMAL if is_placed else WARNING,
                fields.optional_text(row, "message", at),
                *fields.time_at(row, "lastTransitionTime", at),
            )


def _containers(pod: Json) -> Iterator[Stated]:
    for key in _STATUSES:
        for index, row in enumerate(fields.optional_objects(pod["status"], key, "/status")):
            at = f"/status/{key}/{index}"
            last = fields.optional_mapping(row, "lastState", at)
            state = fields.optional_mapping(row, "state", at)
            restarts = fields.optional_integer(row, "restartCount", at) or 0
            name = fields.text(row, "name", at)
            said = f"container {name} restarted {restarts} times"
            yield from _terminated(pod, last, f"{at}/lastState", said, state)
            yield from _terminated(pod, state, f"{at}/state", said)
            yield from _running(state, f"{at}/state")
            yield from _waiting(pod, state, last, at)


def _terminated(pod: Json, state: Json, at: str, said: str, after: Json = _EMPTY) -> Iterator[Stated]:
    """The end of a container; `after` is the state that followed."""
    if state.get("terminated") is None:
        return
    at = f"{at}/terminated"
    row = fields.mapping(state, "terminated", at.rpartition("/")[0])
    code = fields.optional_integer(row, "exitCode", at)
    reason = fields.optional_text(row, "reason", at) or ("Completed" if code == 0 else "Error")
    severity = NORMAL if reason == "Completed" else WARNING
    message = f"{said}, exit code {code}" if code is not None else said
    moment = fields.time_at(row, "finishedAt", at) if row.get("finishedAt") else _lost(pod, after)
    yield at, "container terminated", reason, severity, message, *moment


def _lost(pod: Json, after: Json) -> tuple[int, str]:
    """By when a container that the kubelet lost sight of had ended."""
    restarted = fields.loose_mapping(after, "running")
    if restarted.get("startedAt"):
        return fields.time_at(restarted, "startedAt")
    return _disrupted(pod)


def _running(state: Json, at: str) -> Iterator[Stated]:
    if state.get("running") is not None:
        row = fields.mapping(state, "running", at)
        at = f"{at}/running"
        yield at, "container started", "Started", NORMAL, None, *fields.time_at(row, "startedAt", at)


def _waiting(pod: Json, state: Json, last: Json, at: str) -> Iterator[Stated]:
    row = fields.optional_mapping(state, "waiting", f"{at}/state")
    reason = fields.optional_text(row, "reason", f"{at}/state/waiting")
    if reason is None or reason in _PATIENT:
        return
    since = fields.loose_mapping(last, "terminated")
    if since.get("finishedAt"):
        moment = fields.time_at(since, "finishedAt", f"{at}/lastState/terminated")
    else:
        moment = _unready(pod)
    message = fields.optional_text(row, "message", f"{at}/state/waiting")
    yield f"{at}/state/waiting", "container waiting", reason, WARNING, message, *moment


def _unready(pod: Json) -> tuple[int, str]:
    """When the pod's containers were last found not ready, else its start or creation."""
    for index, row in enumerate(fields.optional_objects(pod["status"], "conditions", "/status")):
        if row.get("type") == "ContainersReady" and row.get("lastTransitionTime"):
            return fields.time_at(row, "lastTransitionTime", f"/status/conditions/{index}")
    return _begun(pod)


def _begun(pod: Json) -> tuple[int, str]:
    if pod["status"].get("startTime"):
        return fields.time_at(pod["status"], "startTime", "/status")
    return fields.time_at(fields.mapping(pod, "metadata"), "creationTimestamp", "/metadata")


def _ended(pod: Json) -> Iterator[Stated]:
    """An eviction or another failure of the pod as a whole, and its deletion."""
    status, metadata = pod["status"], fields.mapping(pod, "metadata")
    reason = fields.optional_text(status, "reason", "/status")
    if status.get("phase") == "Failed" and reason is not None:
        message = fields.optional_text(status, "message", "/status")
        yield "/status/reason", "pod failed", reason, WARNING, message, *_disrupted(pod)
    if metadata.get("deletionTimestamp"):
        moment = fields.time_at(metadata, "deletionTimestamp", "/metadata")
        yield "/metadata/deletionTimestamp", "pod deleted", "Killing", NORMAL, None, *moment


def _disrupted(pod: Json) -> tuple[int, str]:
    for index, row in enumerate(fields.optional_objects(pod["status"], "conditions", "/status")):
        if row.get("type") == "DisruptionTarget" and row.get("lastTransitionTime"):
            return fields.time_at(row, "lastTransitionTime", f"/status/conditions/{index}")
    return _unready(pod)


def _created(pod: Json) -> Iterator[Stated]:
    moment = fields.time_at(fields.mapping(pod, "metadata"), "creationTimestamp", "/metadata")
    yield "/metadata/creationTimestamp", "pod created", "Created", NORMAL, None, *moment
