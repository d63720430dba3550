"""Reads Alertmanager webhook bodies, version 4: one body, an array of them or one a line.

Recognised by `alerts` beside `groupKey` or `receiver`. One alert is one record and one event: firing at
`startsAt`, resolved at `endsAt`. Some routes leave Go's zero time in `endsAt` of a resolved alert: then
its recorded arrival counts, and without one it is refused, because nobody can say from when it was
known to be over. Wrong can be besides: times, labels that are no text.
Identity: fingerprint (else the labels), status, startsAt.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Gap, Json, Reader, RecordRefused, SourceFacts
from evidence.readers.kubernetes_names import workload_of_pod
from evidence.times import is_zero_time

DETECTION_FINDING = 2004
_NS_PER_MILLISECOND = 1_000_000
SEVERITIES = {
    "critical": 5,
    "error": 4,
    "high": 4,
    "major": 4,
    "page": 4,
    "warning": 3,
    "medium": 3,
    "minor": 2,
    "low": 2,
    "info": 1,
    "informational": 1,
    "none": 1,
}
_WORKLOAD_LABELS = (
    ("deployment", "Deployment"),
    ("statefulset", "StatefulSet"),
    ("daemonset", "DaemonSet"),
    ("cronjob", "CronJob"),
    ("job_name", "Job"),
)


def is_record(record: Json) -> bool:
    """Whether it has the keys of an alert of a webhook (`status` is a word there, an object in the API)."""
    return "startsAt" in record and "labels" in record and isinstance(record.get("status"), str)


def is_envelope(envelope: Json) -> bool:
    """Whether it is a webhook body."""
    is_body = "groupKey" in envelope or isinstance(envelope.get("receiver"), str)
    return is_body and isinstance(envelope.get("alerts"), list)


def envelope_gaps(envelope: Json) -> Iterable[Gap]:
    """Alerts that Alertmanager itself left out of the body."""
    count = envelope.get("truncatedAlerts")
    if isinstance(count, int) and count > 0:
        yield Gap(
            "records_truncated",
            "alerts",
            f"Alertmanager left out {count} alerts of the group",
            "/truncatedAlerts",
        )


def read(record: Json, around: Around) -> Iterable[Event]:
    """One alert event."""
    status = fields.text(record, "status")
    if status not in ("firing", "resolved"):
        raise fields.invalid("/status", status, "firing or resolved")
    event_time, time_text = _time(record, status, around.received_at)
    return (alert_event(record, status, event_time, time_text),)


def alert_event(record: Json, status: str, event_time: int, time_text: str) -> Event:
    """The event of an alert of a webhook or the API: its labels say what it is about."""
    labels = fields.text_labels(record, "labels")
    annotations = fields.text_labels(record, "annotations")
    workload, kind = _workload(labels)
    severity = labels.get("severity")
    return {
        "pointer": "",
        "kind": "alert",
        "class_uid": DETECTION_FINDING,
        "name": fields.text(labels, "alertname", "/labels"),
        "activity": status,
        "status": status,
        "message": annotations.get("summary") or annotations.get("description") or annotations.get("message"),
        "event_time": event_time,
        "event_time_text": time_text,
        "severity_text": severity,
        "severity_id": fields.word(severity, SEVERITIES),
        "cluster": labels.get("cluster"),
        "namespace": labels.get("namespace") or labels.get("exported_namespace"),
        "workload": workload,
        "workload_kind": kind,
        "pod": labels.get("pod"),
        "node": labels.get("node"),
        "service_name": labels.get("service") or labels.get("app") or labels.get("job"),
        "environment": labels.get("environment") or labels.get("env"),
        "region": labels.get("region"),
        "route": labels.get("route") or labels.get("handler"),
        "upstream": labels.get("upstream"),
        "source_url": fields.optional_text(record, "generatorURL"),
    }


def identity(record: Json) -> str | None:
    """The alert, its state and its beginning."""
    name = record.get("fingerprint") or json.dumps(record["labels"], sort_keys=True)
    return f"{name} {record['status']} {record['startsAt']}"


def thread(record: Json) -> tuple[str, str] | None:
    """The alert from its beginning to its end, by fingerprint; webhooks and the API write the time unlike."""
    name = record.get("fingerprint")
    if not isinstance(name, str) or not name:
        labels = json.dumps(record.get("labels"), sort_keys=True)
        name = hashlib.sha256(labels.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    try:
        started = fields.time_at(record, "startsAt")[0] // _NS_PER_MILLISECOND
    except RecordRefused:
        return None
    return "alert", f"{name} {started}"


def _time(record: Json, status: str, received_at: int | None) -> tuple[int, str]:
    started = fields.time_at(record, "startsAt")
    if status == "firing":
        return started
    written = fields.text(record, "endsAt")
    if is_zero_time(written):
        if received_at is not None:
            return received_at, written
        detail = (
            "/endsAt is the zero time: the alert does not say when it ended. Say when its file arrived, "
            "under `received` in incident.yaml or in a manifest of `evidence ingest`"
        )
        raise RecordRefused("field_missing", "/endsAt", detail)
    return fields.time_at(record, "endsAt")


def _workload(labels: Json) -> tuple[str | None, str | None]:
    if labels.get("workload"):
        return labels["workload"], labels.get("workload_kind") or labels.get("workload_type")
    for label, kind in _WORKLOAD_LABELS:
        if labels.get(label):
            return labels[label], kind
    deployment = workload_of_pod(labels.get("pod"))
    return deployment, "Deployment" if deployment else None


LABELLED = (
    "name",
    "message",
    "severity_text",
    "severity_id",
    "cluster",
    "namespace",
    "workload",
    "workload_kind",
    "pod",
    "node",
    "service_name",
    "environment",
    "region",
    "route",
    "upstream",
)
"""What labels and annotations of an alert fill: all that it says of what it is about."""
FORGEABLE = (*LABELLED, "source_url")

FACTS = SourceFacts(
    tool="Alertmanager",
    written_by="the body of its webhook (version 4)",
    record="one alert of the body",
    read="firing or resolved, with labels and annotations",
    ignored="grouping, receiver, `commonLabels`, silences",
    gaps=("records_truncated",),
    forgeable=FORGEABLE,
    trust="whoever may send alerts to Alertmanager chooses labels and annotations",
    class_uids=(DETECTION_FINDING,),
)

READER = Reader(
    "alertmanager_webhook",
    "alertmanager",
    is_record,
    read,
    identity,
    containers=(("alerts",),),
    is_envelope=is_envelope,
    envelope_gaps=envelope_gaps,
    facts=FACTS,
    thread=thread,
)
