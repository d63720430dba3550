"""Reads answers of Loki's `query_range` for logs (`resultType` streams).

Recognised by streams with `stream` and `values`. One stream is one record; every line is one log event.
Level and route come from the labels, the structured metadata or the line itself when it is a JSON object
or has `level=`. Wrong can be: an entry that is no pair of nanoseconds and text. No identity but the bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Gap, Json, Page, Reader, SourceFacts
from evidence.readers.kubernetes_names import workload_of_pod
from evidence.readers.query_answers import declared_warnings
from evidence.times import parse_unix_ns

BASE_EVENT = 0  # OCSF has no class for telemetry
# Loki's default number of lines per query, and the server's usual maximum.
LIMITS = frozenset({100, 1000, 5000})
SEVERITIES = {
    "trace": 1,
    "debug": 1,
    "info": 1,
    "notice": 2,
    "warn": 3,
    "warning": 3,
    "error": 4,
    "err": 4,
    "critical": 5,
    "crit": 5,
    "fatal": 6,
    "panic": 6,
}
ERROR_FROM = 4
_LEVEL = re.compile(r'(?:^|\s)(?:level|lvl|severity)="?([A-Za-z]+)')
_LEVEL_KEYS = ("level", "detected_level", "severity", "lvl")
_ROUTE_KEYS = ("route", "http_route", "http.route", "path")


def is_record(record: Json) -> bool:
    """Whether it has the keys of a stream."""
    return isinstance(record.get("stream"), dict) and "values" in record


def is_envelope(envelope: Json) -> bool:
    """Whether it is an answer with streams."""
    data = envelope.get("data")
    return isinstance(data, dict) and data.get("resultType") == "streams"


def envelope_gaps(envelope: Json) -> Iterable[Gap]:
    """Warnings, and as many lines as a limit allows."""
    yield from declared_warnings(envelope, "Loki")
    summary = fields.loose_mapping(envelope, "data", "stats", "summary")
    count = summary.get("totalEntriesReturned")
    if isinstance(count, int) and count in LIMITS:
        detail = f"Loki returned {count} lines, as many as a query's limit: there may be more"
        yield Gap("entries_equal_limit", "entries", detail, "/data/stats/summary/totalEntriesReturned")


def page_gaps(pages: Sequence[Page]) -> Iterable[tuple[Page, Gap]]:
    """Of an answer without statistics the lines themselves are counted."""
    for page in pages:
        count = len(page.events)
        if count in LIMITS and "totalEntriesReturned" not in fields.loose_mapping(
            page.envelope, "data", "stats", "summary"
        ):
            detail = f"Loki returned {count} lines, as many as a query's limit: there may be more"
            yield page, Gap("entries_equal_limit", "entries", detail, "/data/result")


def read(record: Json, around: Around) -> Iterable[Event]:
    """One event per line."""
    fields.mapping(record, "stream")
    labels = fields.text_labels(record, "stream")
    shared = _shared(labels)
    return [
        {**shared, **_line(line, labels, metadata), "pointer": pointer, **_when(nanoseconds, pointer)}
        for pointer, nanoseconds, line, metadata in _entries(record)
    ]


def _entries(record: Json) -> Iterator[tuple[str, Any, str, Json]]:
    """(pointer, nanoseconds as text, line, structured metadata) of each entry."""
    if record.get("values") is None:
        raise fields.missing("/values", "an array of [nanoseconds, line]")
    for index, entry in enumerate(fields.optional_items(record, "values")):
        pointer = f"/values/{index}"
        if not isinstance(entry, list) or len(entry) not in (2, 3) or not isinstance(entry[1], str):
            raise fields.invalid(pointer, entry, "a pair of nanoseconds and a line")
        if not isinstance(entry[0], str):
            raise fields.invalid(f"{pointer}/0", entry[0], "nanoseconds as text")
        yield pointer, entry[0], entry[1], entry[2] if len(entry) == 3 and isinstance(entry[2], dict) else {}


def _when(nanoseconds: str, pointer: str) -> Event:
    return {
        "event_time": fields.in_time(parse_unix_ns, nanoseconds, f"{pointer}/0"),
        "event_time_text": nanoseconds,
    }


def _line(line: str, labels: Json, metadata: Json) -> Event:
    body = _json_object(line)
    match = _LEVEL.search(line) if not body else None
    level = (
        fields.loose_text(metadata, *_LEVEL_KEYS)
        or fields.loose_text(body, *_LEVEL_KEYS)
        or (match.group(1) if match else None)
        or fields.loose_text(labels, *_LEVEL_KEYS)
    )
    severity = fields.word(level, SEVERITIES)
    route = fields.loose_text(metadata, *_ROUTE_KEYS) or fields.loose_text(body, *_ROUTE_KEYS)
    return {
        "message": line,
        "severity_text": level,
        "severity_id": severity,
        "is_error": None if severity is None else severity >= ERROR_FROM,
        "route": route or fields.loose_text(labels, *_ROUTE_KEYS),
        "upstream": fields.loose_text(body, "upstream", "peer_service", "dependency"),
    }


def _json_object(line: str) -> Json:
    """The line's own object; log text is anybody's, so that one that is no JSON is simply text."""
    if not line.startswith("{"):
        return {}
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _shared(labels: Json) -> Event:
    pod = labels.get("pod") or labels.get("k8s_pod_name")
    workload = labels.get("deployment") or labels.get("k8s_deployment_name") or workload_of_pod(pod)
    return {
        "kind": "log",
        "class_uid": BASE_EVENT,
        "name": "log line",
        "activity": "logged",
        "cluster": labels.get("cluster") or labels.get("k8s_cluster_name"),
        "namespace": labels.get("namespace") or labels.get("k8s_namespace_name"),
        "workload": workload,
        "workload_kind": "Deployment" if workload else None,
        "pod": pod,
        "node": labels.get("node") or labels.get("node_name"),
        "service_name": labels.get("service_name")
        or labels.get("service")
        or labels.get("app")
        or labels.get("job"),
        "environment": labels.get("environment") or labels.get("env") or labels.get("deployment_environment"),
        "resource_kind": "container" if labels.get("container") else None,
        "resource": labels.get("container"),
    }


FACTS = SourceFacts(
    tool="Loki",
    written_by="`/loki/api/v1/query_range`",
    record="one stream of the answer",
    read="every line: level, route and error from labels, structured metadata or the line itself",
    ignored="statistics but for the count of lines; `logcli`'s own lines are another form and not read",
    gaps=("entries_equal_limit", "source_warning"),
    forgeable=(
        "message",
        "severity_text",
        "severity_id",
        "is_error",
        "cluster",
        "namespace",
        "workload",
        "workload_kind",
        "pod",
        "node",
        "service_name",
        "environment",
        "route",
        "upstream",
        "resource_kind",
        "resource",
    ),
    trust="whoever logs writes the line; labels are the agent's, some of them the pod's own, or those of "
    "whoever may push",
    class_uids=(BASE_EVENT,),
)

READER = Reader(
    "loki_query_range",
    "loki",
    is_record,
    read,
    containers=(("data", "result"),),
    is_envelope=is_envelope,
    envelope_gaps=envelope_gaps,
    page_gaps=page_gaps,
    pages_stand_alone=True,
    facts=FACTS,
)
