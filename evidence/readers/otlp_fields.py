"""Owns what OTLP's messages have in common: attributes, resources, ids, 64-bit times and dropped counts."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from typing import Any

from evidence.readers import fields
from evidence.readers.contract import Event, Gap, Json
from evidence.readers.kubernetes_names import workload_of_pod
from evidence.times import parse_unix_ns

BASE_EVENT = 0  # OCSF has no class for telemetry
FORGEABLE = (
    "message",
    "route",
    "upstream",
    "service_name",
    "environment",
    "revision",
    "account_uid",
    "region",
    "cluster",
    "namespace",
    "workload",
    "workload_kind",
    "pod",
    "node",
)
"""What the attributes of a resource, a span or a point fill, beside texts."""
UPSTREAM = (
    "peer.service",
    "rpc.service",
    "server.address",
    "net.peer.name",
    "db.system.name",
    "db.system",
    "messaging.system",
)
ROUTE = ("http.route", "url.template", "http.target", "rpc.method")
DROPPED = ("droppedAttributesCount", "droppedEventsCount", "droppedLinksCount")
WORKLOADS = (
    ("k8s.deployment.name", "Deployment"),
    ("k8s.statefulset.name", "StatefulSet"),
    ("k8s.daemonset.name", "DaemonSet"),
    ("k8s.cronjob.name", "CronJob"),
    ("k8s.job.name", "Job"),
)
_HEX = re.compile(r"[0-9a-fA-F]+")


def attributes_of(holder: Json, at: str = "") -> Mapping[str, str]:
    """OTLP's list of key and typed value as a plain object; only text, integers and booleans are kept."""
    found: dict[str, str] = {}
    for index, item in enumerate(fields.optional_objects(holder, "attributes", at)):
        value = fields.optional_mapping(item, "value", f"{at}/attributes/{index}")
        text = fields.loose_text(value, "stringValue", "intValue")
        if text is not None:
            found[fields.text(item, "key", f"{at}/attributes/{index}")] = text
    return found


def resource_fields(attributes: Mapping[str, str]) -> Event:
    """The columns that a resource's attributes fill, by OpenTelemetry's semantic conventions."""
    pod = attributes.get("k8s.pod.name")
    workload, kind = workload_of_pod(pod), "Deployment"
    for key, workload_kind in WORKLOADS:
        if attributes.get(key):
            workload, kind = attributes[key], workload_kind
            break
    return {
        "service_name": attributes.get("service.name"),
        "environment": fields.loose_text(attributes, "deployment.environment.name", "deployment.environment"),
        "cluster": attributes.get("k8s.cluster.name"),
        "namespace": attributes.get("k8s.namespace.name"),
        "workload": workload,
        "workload_kind": kind if workload else None,
        "pod": pod,
        "node": attributes.get("k8s.node.name"),
        "region": attributes.get("cloud.region"),
        "account_uid": attributes.get("cloud.account.id"),
        "revision": attributes.get("service.version"),
    }


def id_of(record: Json, key: str, size: int, at: str = "") -> str:
    """The id as lower-case hex; text of the hex length is hex (OTLP), else base64 (protobuf's own JSON)."""
    written = fields.text(record, key, at)
    if len(written) == 2 * size and _HEX.fullmatch(written):
        return written.lower()
    try:
        raw = base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != size:
        raise fields.invalid(f"{at}/{key}", written, f"{size} bytes in hex or base64")
    return raw.hex()


def nanoseconds(record: Json, key: str, at: str = "") -> int:
    """The required time of a key, an integer or its decimal text."""
    value = record.get(key)
    if value is None:
        raise fields.missing(f"{at}/{key}", "nanoseconds")
    return _nanoseconds(value, f"{at}/{key}")


def optional_nanoseconds(record: Json, key: str, at: str = "") -> int | None:
    """The time of a key; None when it is absent, null or 0, which OTLP defines as unknown."""
    value = record.get(key)
    return None if value is None else (_nanoseconds(value, f"{at}/{key}") or None)


def _nanoseconds(value: Any, pointer: str) -> int:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise fields.invalid(pointer, value, "nanoseconds")
    return fields.in_time(parse_unix_ns, value, pointer)


def dropped_gaps(holders: Iterable[tuple[str, Json]], what: str) -> Iterable[Gap]:
    """One gap per kind of part that the SDK or Collector dropped; `holders` are (pointer, message)."""
    totals: dict[str, int] = {}
    first: dict[str, str] = {}
    for at, holder in holders:
        for key in DROPPED:
            count = holder.get(key)
            if isinstance(count, int) and not isinstance(count, bool) and count > 0:
                totals[key] = totals.get(key, 0) + count
                first.setdefault(key, f"{at}/{key}")
    for key, count in totals.items():
        yield Gap("records_truncated", key, f"the SDK dropped {count} parts of {what}", first[key])
