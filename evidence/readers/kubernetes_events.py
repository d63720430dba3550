"""Reads Kubernetes Events of both APIs (v1 and events.k8s.io/v1): a List, JSON lines or a single one.

Recognised by `reason` beside `involvedObject` or `regarding`. An Event that Kubernetes counted up states
two moments, its first and its last occurrence; each is an event of ours, so that the last one is not
known before it happened. Wrong can be: times, an Event without any. Identity: uid and resourceVersion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Gap, Json, Reader
from evidence.readers.gatekeeper_verdicts import is_verdict, logged
from evidence.readers.kubernetes_names import workload_fields

APPLICATION_LIFECYCLE = 6002
SEVERITIES = {"normal": 1, "warning": 3}


def is_record(record: Json) -> bool:
    """Whether it has the keys of an Event of either API; Flux' own events have a severity beside them."""
    is_event = "reason" in record and ("involvedObject" in record or "regarding" in record)
    return is_event and "severity" not in record


def is_envelope(envelope: Json) -> bool:
    """Whether it is a list of Events."""
    version = str(envelope.get("apiVersion"))
    return envelope.get("kind") == "EventList" and (version == "v1" or version.startswith("events.k8s.io/"))


def envelope_gaps(envelope: Json) -> Iterable[Gap]:
    """A list that the API server cut into pages."""
    metadata = fields.loose_mapping(envelope, "metadata")
    if fields.loose_text(metadata, "continue", "remainingItemCount"):
        yield Gap("more_available", "items", "the API server holds further items of the list", "/metadata")


def read(record: Json, around: Around) -> Iterable[Event]:
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
    """The object and its version; without one the count tells the versions apart."""
    metadata = fields.optional_mapping(record, "metadata")
    uid = fields.loose_text(metadata, "uid")
    version = fields.loose_text(metadata, "resourceVersion") or fields.loose_text(record, "count") or ""
    return f"{uid} {version}" if uid else None


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


READER = Reader(
    "kubernetes_events",
    "kubernetes_events",
    is_record,
    read,
    identity,
    containers=(("items",),),
    is_envelope=is_envelope,
    envelope_gaps=envelope_gaps,
)
