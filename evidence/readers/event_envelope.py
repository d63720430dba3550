"""Reads the event envelope: ten keys that name an entity and a signal, one object, an array or lines.

Recognised by `signal_source`, `signal_name` and `incident_type`. Its ten keys hold no time: an eleventh
(`timestamp`, `time`, `event_time`, `detected_at`, `observed_at`) may, else its recorded arrival counts.
Wrong can be: neither of both, an unknown severity. It has no identity but its bytes.
"""

from __future__ import annotations

from collections.abc import Iterable

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Json, Reader, SourceFacts
from evidence.times import format_rfc3339

DETECTION_FINDING = 2004
SEVERITIES = {
    "critical": 5,
    "high": 4,
    "error": 4,
    "medium": 3,
    "warning": 3,
    "low": 2,
    "info": 1,
    "informational": 1,
}
TIME_KEYS = ("timestamp", "time", "event_time", "detected_at", "observed_at")
# Signals of tools that watch for attacks are detections; others tell of symptoms.
_SECURITY = (
    "security",
    "credential",
    "identity",
    "exposure",
    "policy",
    "malware",
    "exfiltration",
    "intrusion",
)


def is_record(record: Json) -> bool:
    """Whether it has the keys that make an envelope."""
    return "signal_source" in record and "signal_name" in record and "incident_type" in record


def read(record: Json, around: Around) -> Iterable[Event]:
    """One detection or alert."""
    incident_type = fields.text(record, "incident_type")
    written = fields.text(record, "severity")
    severity = fields.word(written, SEVERITIES)
    if severity is None:
        raise fields.invalid("/severity", written, f"one of {', '.join(SEVERITIES)}")
    event_time, time_text = _time(record, around)
    is_detection = any(part in incident_type for part in _SECURITY)
    source = fields.text(record, "signal_source")
    owner = fields.optional_text(record, "service_owner")
    event: Event = {
        "pointer": "",
        "kind": "detection" if is_detection else "alert",
        "class_uid": DETECTION_FINDING,
        "name": fields.text(record, "signal_name"),
        "activity": "detected" if is_detection else "triggered",
        "message": f"{incident_type} signal of {source}" + (f", owner {owner}" if owner else ""),
        "event_time": event_time,
        "event_time_text": time_text,
        "severity_text": written,
        "severity_id": severity,
        "cluster": fields.optional_text(record, "cluster"),
        "namespace": fields.optional_text(record, "namespace"),
        "workload": fields.optional_text(record, "workload"),
        "pod": fields.optional_text(record, "pod"),
        "revision": fields.optional_text(record, "deployment_revision"),
    }
    return (event,)


def _time(record: Json, around: Around) -> tuple[int, str]:
    for key in TIME_KEYS:
        if record.get(key) is not None:
            return fields.time_at(record, key)
    if around.received_at is None:
        raise fields.missing("/timestamp", "a time, or the file's arrival under received in incident.yaml")
    return around.received_at, format_rfc3339(around.received_at)


FACTS = SourceFacts(
    tool="Event envelope",
    written_by="the automation layer's own contract, ten keys",
    record="one envelope",
    read="signal, severity, place and revision, as passed on",
    ignored="keys beside the ten and the time",
    forgeable=(
        "kind",
        "activity",
        "name",
        "message",
        "severity_text",
        "severity_id",
        "cluster",
        "namespace",
        "workload",
        "pod",
        "revision",
    ),
    trust="whoever can post one writes all of it: heard, and never a second source for another tool's word",
    class_uids=(DETECTION_FINDING,),
)

READER = Reader("event_envelope", "event_envelope", is_record, read, facts=FACTS)
