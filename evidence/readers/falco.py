"""Reads Falco alerts (`json_output: true`): JSON lines, between which start-up lines may stand.

Recognised by `rule`, `priority`, `time` and `output`. One alert is one detection. Wrong can be: the
time, an unknown priority. Identity: `uuid` where Falcosidekick adds one, else the bytes alone.
"""

from __future__ import annotations

from collections.abc import Iterable

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Json, Reader, SourceFacts
from evidence.readers.kubernetes_names import service_of_labels, workload_of_pod

DETECTION_FINDING = 2004
# Falco's priorities are syslog's; OCSF: 1 informational … 5 critical, 6 fatal.
SEVERITIES = {
    "emergency": 6,
    "alert": 5,
    "critical": 5,
    "error": 4,
    "warning": 3,
    "notice": 2,
    "informational": 1,
    "debug": 1,
}
_LABELS = "k8s.pod.label"  # followed by .name or [name]


def is_record(record: Json) -> bool:
    """Whether it has the keys of a Falco alert."""
    return "rule" in record and "priority" in record and ("output" in record or "output_fields" in record)


def read(record: Json, around: Around) -> Iterable[Event]:
    """One detection. `output_fields` is free-form: what it does not say stays NULL."""
    written = fields.text(record, "priority")
    severity = fields.word(written, SEVERITIES)
    if severity is None:
        raise fields.invalid("/priority", written, "a Falco priority")
    event_time, time_text = fields.time_at(record, "time")
    output = fields.optional_mapping(record, "output_fields")
    pod = fields.loose_text(output, "k8s.pod.name", "k8smeta.pod.name", "ka.target.pod.name")
    workload, kind = _workload(output, pod)
    key = fields.loose_text(output, "ct.user.accesskeyid")
    event: Event = {
        "pointer": "",
        "kind": "detection",
        "class_uid": DETECTION_FINDING,
        "name": fields.text(record, "rule"),
        "activity": "detected",
        "message": fields.optional_text(record, "output"),
        "event_time": event_time,
        "event_time_text": time_text,
        "severity_text": written,
        "severity_id": severity,
        "cluster": fields.loose_text(output, "k8s.cluster.name", "cluster", "k8s_cluster"),
        "namespace": fields.loose_text(output, "k8s.ns.name", "k8smeta.ns.name", "ka.target.namespace"),
        "workload": workload,
        "workload_kind": kind,
        "pod": pod,
        "node": fields.loose_text(output, "k8s.node.name", "k8smeta.node.name") or _host(record),
        "service_name": _service(output),
        # A syscall's user is a container's, not an identity; the audit and CloudTrail plug-ins' is.
        "actor": fields.loose_text(output, "ka.user.name", "ct.user"),
        "credential_uid": key,
        # A key of the other kind may be a role's or a console session's: the prefix does not tell.
        "credential_kind": "long_lived" if key and key.startswith("AKIA") else None,
        "src_ip": fields.loose_text(output, "ct.srcip", "ka.sourceips"),
        "account_uid": fields.loose_text(output, "ct.user.accountid"),
        "region": fields.loose_text(output, "ct.region"),
        "user_agent": fields.loose_text(output, "ct.useragent"),
        **_resource(output),
    }
    return (event,)


def identity(record: Json) -> str | None:
    """Falcosidekick's uuid, else none."""
    return fields.loose_text(record, "uuid")


def _host(record: Json) -> str | None:
    """The node, for system calls; a plug-in's host is only where the plug-in runs."""
    host = fields.optional_text(record, "hostname")
    return host if record.get("source", "syscall") == "syscall" else None


def _resource(output: Json) -> Event:
    for key, kind in (
        ("container.id", "container"),
        ("ct.request.bucket", "s3_bucket"),
        ("s3.bucket", "s3_bucket"),
    ):
        name = fields.loose_text(output, key)
        if name:
            return {"resource_kind": kind, "resource": name}
    return {}


def _workload(output: Json, pod: str | None) -> tuple[str | None, str | None]:
    for key, kind in (
        ("k8s.deployment.name", "Deployment"),
        ("k8smeta.deployment.name", "Deployment"),
        ("k8s.statefulset.name", "StatefulSet"),
        ("k8s.daemonset.name", "DaemonSet"),
        ("k8s.job.name", "Job"),
        ("ka.target.deployment.name", "Deployment"),
    ):
        name = fields.loose_text(output, key)
        if name:
            return name, kind
    deployment = workload_of_pod(pod)
    return deployment, "Deployment" if deployment else None


def _service(output: Json) -> str | None:
    labels = [key for key in output if key.startswith(_LABELS)]
    return service_of_labels({key[len(_LABELS) :].strip(".[]"): output[key] for key in labels})


FACTS = SourceFacts(
    tool="Falco",
    written_by="`falco -o json_output=true`, its pod's log, or Falcosidekick's file and S3 outputs",
    record="one alert",
    read="rule, priority, pod, node and workload; what the audit and CloudTrail plug-ins say of the caller",
    ignored="tags, process and file fields; start-up lines are refused one by one",
    forgeable=("message", "user_agent"),
    trust="the sensor sees system calls itself; names of processes, files and commands in the message are "
    "the observed container's",
    class_uids=(DETECTION_FINDING,),
)

READER = Reader("falco_json", "falco", is_record, read, identity, facts=FACTS, is_verbatim=True)
