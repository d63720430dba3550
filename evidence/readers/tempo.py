"""Reads traces of Tempo and OTLP JSON: `batches` or `resourceSpans`, bare or within `trace`, also lines.

Recognised by spans with `traceId`, `spanId` and times. One span is one record and one event, dated at its
end, because only then is its outcome known. Ids are base64 (protobuf's JSON) or hex (OTLP's), kinds and
status codes words or numbers. The service is named by the resource around the span, outside its own bytes.
Wrong can be: ids, times, an end before the start. Identity: trace id and span id.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Any

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Gap, Json, Reader
from evidence.readers.kubernetes_names import workload_of_pod
from evidence.times import parse_unix_ns

BASE_EVENT = 0  # OCSF has no class for telemetry
_HEX = re.compile(r"[0-9a-fA-F]+")
_KINDS = {
    "INTERNAL": "internal",
    "SERVER": "server",
    "CLIENT": "client",
    "PRODUCER": "producer",
    "CONSUMER": "consumer",
}
_KIND_NUMBERS = {1: "INTERNAL", 2: "SERVER", 3: "CLIENT", 4: "PRODUCER", 5: "CONSUMER"}
_UPSTREAM = (
    "peer.service",
    "rpc.service",
    "server.address",
    "net.peer.name",
    "db.system.name",
    "db.system",
    "messaging.system",
)
_ROUTE = ("http.route", "url.template", "http.target", "rpc.method")
_WORKLOADS = (
    ("k8s.deployment.name", "Deployment"),
    ("k8s.statefulset.name", "StatefulSet"),
    ("k8s.daemonset.name", "DaemonSet"),
    ("k8s.cronjob.name", "CronJob"),
    ("k8s.job.name", "Job"),
)
_SCOPES = ("scopeSpans", "instrumentationLibrarySpans")
_ROOTS = (("batches",), ("resourceSpans",), ("trace", "batches"), ("trace", "resourceSpans"))
CONTAINERS = tuple((*root, "*", scope, "*", "spans") for root in _ROOTS for scope in _SCOPES)


def is_record(record: Json) -> bool:
    """Whether it has the keys of a span."""
    return "spanId" in record and "traceId" in record and "startTimeUnixNano" in record


def is_envelope(envelope: Json) -> bool:
    """Whether it is a trace without spans."""
    inner = fields.loose_mapping(envelope, "trace") or envelope
    return isinstance(inner.get("batches", inner.get("resourceSpans")), list)


def envelope_gaps(envelope: Json) -> Iterable[Gap]:
    """A trace that Tempo could not read in full (`status: PARTIAL` of its second API)."""
    if str(envelope.get("status", "")).upper() == "PARTIAL" or envelope.get("partial") is True:
        detail = f"Tempo returned part of the trace: {str(envelope.get('message', 'no reason given'))[:200]}"
        yield Gap("partial_result", "trace", detail, "/status" if "status" in envelope else "/partial")


def read(record: Json, around: Around) -> Iterable[Event]:
    """One span."""
    trace_id = _id(record, "traceId", 16)
    _id(record, "spanId", 8)
    start = _nanoseconds(record, "startTimeUnixNano")
    end = _nanoseconds(record, "endTimeUnixNano")
    if end < start:
        raise fields.invalid("/endTimeUnixNano", record["endTimeUnixNano"], "a time not before the start")
    attributes = _attributes(record)
    kind = _kind(record)
    status = fields.optional_mapping(record, "status")
    is_error = _is_error(status)
    event: Event = {
        "pointer": "",
        "kind": "trace",
        "class_uid": BASE_EVENT,
        "name": fields.text(record, "name"),
        "activity": kind,
        "message": fields.optional_text(status, "message", "/status"),
        "status": "error" if is_error else "ok",
        "is_error": is_error,
        "event_time": end,
        "event_time_text": str(record["endTimeUnixNano"]),
        # Whole milliseconds; what is below one is cut.
        "duration_ms": (end - start) // 1_000_000,
        "route": fields.loose_text(attributes, *_ROUTE),
        "upstream": fields.loose_text(attributes, *_UPSTREAM) if kind in ("client", "producer") else None,
        "resource_kind": "trace",
        "resource": trace_id,
    }
    event.update(_resource(around))
    return (event,)


def identity(record: Json) -> str | None:
    """The span within its trace."""
    return f"{_id(record, 'traceId', 16)} {_id(record, 'spanId', 8)}"


def record_gaps(record: Json, around: Around) -> Iterable[Gap]:
    """What the SDK dropped from the span."""
    for key in ("droppedAttributesCount", "droppedEventsCount", "droppedLinksCount"):
        count = record.get(key)
        if isinstance(count, int) and count > 0:
            yield Gap("records_truncated", key, f"the SDK dropped {count} parts of a span", f"/{key}")


def _resource(around: Around) -> Event:
    """The columns that the resource around the span fills."""
    holder: Json = {}
    for inner in around.enclosing:
        holder = fields.loose_mapping(inner, "resource") or holder
    attributes = _attributes(holder, "/resource")
    pod = fields.loose_text(attributes, "k8s.pod.name")
    workload, kind = workload_of_pod(pod), "Deployment"
    for key, workload_kind in _WORKLOADS:
        name = fields.loose_text(attributes, key)
        if name:
            workload, kind = name, workload_kind
            break
    return {
        "service_name": fields.loose_text(attributes, "service.name"),
        "environment": fields.loose_text(attributes, "deployment.environment.name", "deployment.environment"),
        "cluster": fields.loose_text(attributes, "k8s.cluster.name"),
        "namespace": fields.loose_text(attributes, "k8s.namespace.name"),
        "workload": workload,
        "workload_kind": kind if workload else None,
        "pod": pod,
        "node": fields.loose_text(attributes, "k8s.node.name"),
        "region": fields.loose_text(attributes, "cloud.region"),
        "account_uid": fields.loose_text(attributes, "cloud.account.id"),
        "revision": fields.loose_text(attributes, "service.version"),
    }


def _attributes(holder: Json, at: str = "") -> Json:
    """OTLP's list of key and typed value as a plain object; only text, integers and booleans are kept."""
    found: dict[str, Any] = {}
    for index, item in enumerate(fields.optional_objects(holder, "attributes", at)):
        value = fields.optional_mapping(item, "value", f"{at}/attributes/{index}")
        text = fields.loose_text(value, "stringValue", "intValue")
        if text is not None:
            found[fields.text(item, "key", f"{at}/attributes/{index}")] = text
    return found


def _id(record: Json, key: str, size: int) -> str:
    """The id as lower-case hex; text of the hex length is hex, else base64."""
    written = fields.text(record, key)
    if len(written) == 2 * size and _HEX.fullmatch(written):
        return written.lower()
    try:
        raw = base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != size:
        raise fields.invalid(f"/{key}", written, f"{size} bytes in hex or base64")
    return raw.hex()


def _nanoseconds(record: Json, key: str) -> int:
    value = record.get(key)
    if value is None:
        raise fields.missing(f"/{key}", "nanoseconds")
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise fields.invalid(f"/{key}", value, "nanoseconds")
    return fields.in_time(parse_unix_ns, value, f"/{key}")


def _kind(record: Json) -> str | None:
    written = record.get("kind")
    word = _KIND_NUMBERS.get(written, "") if isinstance(written, int) else str(written or "")
    return _KINDS.get(word.removeprefix("SPAN_KIND_"))


def _is_error(status: Json) -> bool:
    code = status.get("code")
    return code == 2 or code in ("STATUS_CODE_ERROR", "ERROR", "2")


READER = Reader(
    "tempo_trace",
    "tempo",
    is_record,
    read,
    identity,
    containers=CONTAINERS,
    is_envelope=is_envelope,
    envelope_gaps=envelope_gaps,
    record_gaps=record_gaps,
)
