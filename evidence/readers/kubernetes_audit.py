"""Reads Kubernetes API audit events (audit.k8s.io): JSON lines, an EventList or a single event.

Recognised by `auditID` and `stage`. One record is one API call, at the time the request was received.
The last source address is the one that the API server saw itself; those before are the client's word. Who
acted is the impersonated user where there is one: the API server grants and does what that user may. That it
was that user, the authenticated caller alone vouches for, and so it is a gap.
Wrong can be: times, a request without verb or user. Identity: auditID and stage (a webhook backend
that retries writes the same pair twice).
"""

from __future__ import annotations

from collections.abc import Iterable

from evidence.readers import fields
from evidence.readers.client_words import KIND, claimed_account, forwarded_addresses
from evidence.readers.contract import Around, Event, Gap, Json, Reader, SourceFacts
from evidence.readers.kubernetes_names import has_approval, kind_of_user, service_of_labels, workload_fields

API_ACTIVITY = 6003
_TIMES = ("requestReceivedTimestamp", "stageTimestamp", "timestamp")
_KINDS = {
    "cronjobs": "CronJob",
    "daemonsets": "DaemonSet",
    "deployments": "Deployment",
    "jobs": "Job",
    "nodes": "Node",
    "pods": "Pod",
    "replicasets": "ReplicaSet",
    "statefulsets": "StatefulSet",
}
_TRUNCATED = "audit.k8s.io/truncated"


def is_record(record: Json) -> bool:
    """Whether it has the keys of an audit event."""
    return "auditID" in record and "stage" in record


def is_envelope(envelope: Json) -> bool:
    """Whether it is a list of audit events."""
    return envelope.get("kind") == "EventList" and str(envelope.get("apiVersion")).startswith("audit.k8s.io/")


def read(record: Json, around: Around) -> Iterable[Event]:
    """One API call; the object is named by `objectRef`."""
    key = next((key for key in _TIMES if record.get(key) is not None), _TIMES[0])
    event_time, time_text = fields.time_at(record, key)
    verb = fields.text(record, "verb")
    target = fields.optional_mapping(record, "objectRef")
    resource, name = _target(target)
    caller, acting = _users(record)
    user = acting or caller
    status = fields.optional_mapping(record, "responseStatus")
    code = fields.optional_integer(status, "code", "/responseStatus")
    metadata = _metadata(record)
    event: Event = {
        "pointer": "",
        "kind": "api_call",
        "class_uid": API_ACTIVITY,
        "name": f"{verb} {resource}" if resource else f"{verb} {fields.text(record, 'requestURI')}",
        "activity": verb,
        "message": fields.optional_text(status, "message", "/responseStatus"),
        "status": None if code is None else str(code),
        "event_time": event_time,
        "event_time_text": time_text,
        "namespace": fields.optional_text(target, "namespace", "/objectRef"),
        "actor": user,
        "actor_kind": kind_of_user(user),
        "src_ip": _address(record),
        "user_agent": fields.optional_text(record, "userAgent"),
        "resource_kind": fields.optional_text(target, "resource", "/objectRef"),
        "resource": name,
        "service_name": service_of_labels(fields.loose_mapping(metadata, "labels")),
        "has_approval_artifact": has_approval(metadata),
    }
    kind = _KINDS.get(event["resource_kind"] or "")
    event.update(workload_fields(kind, name))  # type: ignore[typeddict-item]
    return (event,)


def identity(record: Json) -> str | None:
    """The request and its stage."""
    return f"{fields.text(record, 'auditID')} {fields.text(record, 'stage')}"


def record_gaps(record: Json, around: Around) -> Iterable[Gap]:
    """What the API server cut out of an event that was too large, and what it has from the client alone."""
    if fields.loose_mapping(record, "annotations").get(_TRUNCATED) == "true":
        yield Gap(
            "records_truncated", "audit event", "the API server cut the request or response", "/annotations"
        )
    before = len(fields.optional_items(record, "sourceIPs")) - 1
    yield from forwarded_addresses(before, "sourceIPs", "/sourceIPs/0")
    caller, acting = _users(record)
    yield from claimed_account(fields.optional_text(record, "userAgent"), caller, "/userAgent")
    if acting and acting != caller:
        detail = (
            f"{caller[:200]} acted as {acting[:200]}: that it was for that user, nothing but the caller says"
        )
        yield Gap(KIND, "impersonatedUser", detail, "/impersonatedUser/username")


def _users(record: Json) -> tuple[str, str | None]:
    """(who authenticated, whom the request was carried out as if that is another)."""
    caller = fields.text(fields.mapping(record, "user"), "username", "/user")
    acting = fields.optional_mapping(record, "impersonatedUser")
    return caller, fields.optional_text(acting, "username", "/impersonatedUser")


def _target(target: Json) -> tuple[str | None, str | None]:
    """(resource/subresource, name) of the object."""
    resource = fields.optional_text(target, "resource", "/objectRef")
    below = fields.optional_text(target, "subresource", "/objectRef")
    name = fields.optional_text(target, "name", "/objectRef")
    return (f"{resource}/{below}" if resource and below else resource), name


def _address(record: Json) -> str | None:
    addresses = fields.optional_items(record, "sourceIPs")
    if not addresses:
        return None
    if not isinstance(addresses[-1], str):
        raise fields.invalid(f"/sourceIPs/{len(addresses) - 1}", addresses[-1], "an address")
    return addresses[-1]


def _metadata(record: Json) -> Json:
    request = fields.loose_mapping(record, "requestObject", "metadata")
    return request or fields.loose_mapping(record, "responseObject", "metadata")


FACTS = SourceFacts(
    tool="Kubernetes API audit",
    written_by="the API server's audit log or webhook backend, an `EventList`",
    record="one event of one stage",
    read="verb, object, user (the impersonated one, as whom the request was carried out), last source "
    "address, result, approval label where the object is recorded",
    ignored="`requestObject` and `responseObject` but for their labels and node; groups and `extra` of users",
    gaps=(KIND, "records_truncated"),
    forgeable=("user_agent",),
    trust="the API server writes it; the client chooses user agent, audit id and all but the last of "
    "`sourceIPs`, of which only the last is read. A gap where addresses stand before it, where the user "
    "agent names another service account than the user, and where the caller impersonates another user: "
    "the gap names both, and the caller alone vouches for that user",
    class_uids=(API_ACTIVITY,),
)

READER = Reader(
    "kubernetes_audit",
    "kubernetes_audit",
    is_record,
    read,
    identity,
    containers=(("items",),),
    is_envelope=is_envelope,
    record_gaps=record_gaps,
    facts=FACTS,
    is_verbatim=True,
)
