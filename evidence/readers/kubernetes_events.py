"""Reads Kubernetes Events of both APIs (v1 and events.k8s.io/v1) and Pods: Lists, JSON lines, watch events.

Recognised by `reason` beside `involvedObject` or `regarding`, or by the parts of a Pod, bare or as the object
of a watch event. An Event that Kubernetes counted up states two moments, its first and its last occurrence;
each is an event of ours, so that the last one is not known before it happened. Both kinds are one format,
because one `kubectl get events,pods` writes both. Keys in PascalCase, as some clients write them, are read.
Wrong can be: times, an Event without any. Identity: uid and resourceVersion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Gap, Json, Reader, SourceFacts
from evidence.readers.gatekeeper_verdicts import COMPLIANCE_FINDING, is_verdict, logged
from evidence.readers.kubernetes_names import workload_fields
from evidence.readers.kubernetes_pods import ACTIVITIES as POD_ACTIVITIES
from evidence.readers.kubernetes_pods import is_pod, read_pod
from evidence.readers.kubernetes_views import is_pascal, is_watched, list_gaps, plain, read_plain

APPLICATION_LIFECYCLE = 6002
_SIGNS = frozenset({"BOOKMARK", "ERROR"})
SEVERITIES = {"normal": 1, "warning": 3}


def is_record(record: Json) -> bool:
    """Whether it is an Event of either API or a Pod, or a watch event of one."""
    if is_watched(record):
        return record["type"] in _SIGNS or _is_event(record["object"]) or is_pod(record["object"])
    return _is_event(record) or is_pod(record)


def _is_event(value: Json) -> bool:
    """Whether it has the keys of an Event of either API; Flux' own events have a severity beside them."""
    if is_pascal(value):
        return "Reason" in value
    return (
        "reason" in value and ("involvedObject" in value or "regarding" in value) and "severity" not in value
    )


def is_envelope(envelope: Json) -> bool:
    """Whether it is a list of Events or Pods."""
    version = str(envelope.get("apiVersion", envelope.get("ApiVersion")))
    is_events = version == "v1" or version.startswith("events.k8s.io/")
    kind = envelope.get("kind", envelope.get("Kind"))
    return (kind == "EventList" and is_events) or (kind == "PodList" and version == "v1")


def read(record: Json, around: Around) -> Iterable[Event]:
    """What the Event or the Pod states; what a watch says of itself states nothing."""
    if is_watched(record) and (record["type"] in _SIGNS or _is_expiry(record)):
        return ()
    return read_plain(record, read_pod if is_pod(plain(record)) else _read_event)


def _is_expiry(record: Json) -> bool:
    """Events are deleted when they have become old: nothing happened then."""
    return record["type"] == "DELETED" and _is_event(record["object"])


def _read_event(record: Json) -> Iterable[Event]:
    """The first and, if it is another, the last occurrence."""
    key = "regarding" if "regarding" in record else "involvedObject"
    target = fields.mapping(record, key)
    kind = fields.text(target, "kind", f"/{key}")
    name = fields.text(target, "name", f"/{key}")
    written = fields.optional_text(record, "type")
    shared: Event = {
        "kind": "lifecycle",
        "class_uid": APPLICATION_LIFECYCLE,
        "name": fields.text(record, "reason"),
        "activity": fields.optional_text(record, "action"),
        "message": fields.optional_text(record, "note" if "note" in record else "message"),
        "severity_text": written,
        "severity_id": fields.word(written, SEVERITIES),
        "status": written,
        "namespace": fields.optional_text(target, "namespace", f"/{key}"),
        "resource_kind": kind,
        "resource": name,
        "node": _node(record),
    }
    shared.update(workload_fields(kind, name))  # type: ignore[typeddict-item]
    # Gatekeeper tells of its verdicts by events too, if it is told to.
    annotations = fields.loose_mapping(record, "metadata", "annotations")
    if is_verdict(annotations):
        shared.update(logged(annotations, "/metadata/annotations"))
    return [
        {**shared, "pointer": pointer, "event_time": event_time, "event_time_text": time_text}
        for pointer, event_time, time_text in _occurrences(record)
    ]


def identity(record: Json) -> str | None:
    """The object and its version (without one the count tells them apart); what states nothing has none."""
    if is_watched(record) and (record["type"] in _SIGNS or _is_expiry(record)):
        return None
    record = plain(record)
    metadata = fields.optional_mapping(record, "metadata")
    uid = fields.loose_text(metadata, "uid")
    version = fields.loose_text(metadata, "resourceVersion") or fields.loose_text(record, "count") or ""
    return f"{uid} {version}" if uid else None


def record_gaps(record: Json, around: Around) -> Iterable[Gap]:
    """A watch that broke off: what happened until the next one began is not in it."""
    if is_watched(record) and record["type"] == "ERROR":
        said = fields.loose_text(record["object"], "message", "reason") or "no reason given"
        yield Gap("partial_result", "watch", f"the watch ended with an error: {said[:200]}", "/object")


def format_gaps(event: Event) -> Iterable[Gap]:
    """What the API says of Events: a supplement of best effort. The state of a Pod is no such thing."""
    if event["kind"] == "lifecycle" and event.get("activity") not in POD_ACTIVITIES:
        detail = "Kubernetes keeps events as well as it can, and for about an hour: there may have been more"
        yield Gap("delivery_best_effort", "events", detail)


def _occurrences(record: Json) -> Iterator[tuple[str, int, str]]:
    """(pointer, ns, text) of the first and the last occurrence; a single one has an empty pointer."""
    found = {time[1]: time for time in _times(record)}
    if not found:
        raise fields.missing("/eventTime", "eventTime, firstTimestamp or lastTimestamp")
    first, last = found[min(found)], found[max(found)]
    if first is last:
        yield "", first[1], first[2]
        return
    yield first
    yield last


def _times(record: Json) -> Iterator[tuple[str, int, str]]:
    """Every time of the record; of equal times the last named stands."""
    places = [(record, key, "") for key in ("deprecatedFirstTimestamp", "deprecatedLastTimestamp")]
    places += [(record, key, "") for key in ("lastTimestamp", "firstTimestamp", "eventTime")]
    places.append((fields.optional_mapping(record, "series"), "lastObservedTime", "/series"))
    is_any = any(holder.get(key) for holder, key, _ in places)
    if not is_any:
        places = [(fields.optional_mapping(record, "metadata"), "creationTimestamp", "/metadata")]
    for holder, key, at in places:
        if holder.get(key):
            event_time, time_text = fields.time_at(holder, key, at)
            yield f"{at}/{key}", event_time, time_text


def _node(record: Json) -> str | None:
    """The node whose kubelet reports."""
    source = fields.loose_mapping(record, "deprecatedSource" if "deprecatedSource" in record else "source")
    host = fields.loose_text(source, "host")
    if host:
        return host
    component = fields.loose_text(record, "reportingController", "reportingComponent")
    return fields.loose_text(record, "reportingInstance") if component == "kubelet" else None


FACTS = SourceFacts(
    tool="Kubernetes events and pods",
    written_by="`kubectl get events,pods -A -o json`, either API of events; lists or lines, also of "
    "`--watch --output-watch-events`",
    record="one Event or Pod, with the watch event around it",
    read="of an Event reason, object and message at the first and the last occurrence, Gatekeeper's verdicts "
    "as policy; of a Pod node, owner, and when its containers started, were killed or began to wait",
    ignored="occurrences between the first and the last, `related`; of a Pod its spec, probes, volumes",
    gaps=("delivery_best_effort", "more_available", "partial_result"),
    forgeable=("message", "workload", "workload_kind", "service_name"),
    trust="best effort by its own word: events may be dropped, merged and expire after an hour; who may "
    "create events chooses every field, and who may create pods their labels",
    class_uids=(COMPLIANCE_FINDING, APPLICATION_LIFECYCLE),
)

READER = Reader(
    "kubernetes_events",
    "kubernetes_events",
    is_record,
    read,
    identity,
    containers=(("items",), ("Items",)),
    is_envelope=is_envelope,
    envelope_gaps=list_gaps,
    record_gaps=record_gaps,
    format_gaps=format_gaps,
    facts=FACTS,
)
