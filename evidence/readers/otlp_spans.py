"""Owns what a span states, as Tempo and OTLP JSON alike write it.

One span is one event, dated at its end, because only then is its outcome known. Ids are base64 (protobuf's
JSON) or hex (OTLP's), kinds and status codes words or numbers.
"""

from __future__ import annotations

from collections.abc import Iterable

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Gap, Json
from evidence.readers.otlp_fields import (
    BASE_EVENT,
    ROUTE,
    UPSTREAM,
    attributes_of,
    dropped_gaps,
    id_of,
    nanoseconds,
    resource_fields,
)

SCOPES = ("scopeSpans", "instrumentationLibrarySpans")
_KINDS = {
    "INTERNAL": "internal",
    "SERVER": "server",
    "CLIENT": "client",
    "PRODUCER": "producer",
    "CONSUMER": "consumer",
}
_KIND_NUMBERS = {1: "INTERNAL", 2: "SERVER", 3: "CLIENT", 4: "PRODUCER", 5: "CONSUMER"}


def is_span(record: Json) -> bool:
    """Whether it has the keys of a span."""
    return "spanId" in record and "traceId" in record and "startTimeUnixNano" in record


def read_span(record: Json, around: Around) -> Iterable[Event]:
    """One span; the resource around it, outside its own bytes, names the service."""
    trace_id = id_of(record, "traceId", 16)
    id_of(record, "spanId", 8)
    start = nanoseconds(record, "startTimeUnixNano")
    end = nanoseconds(record, "endTimeUnixNano")
    if end < start:
        raise fields.invalid("/endTimeUnixNano", record["endTimeUnixNano"], "a time not before the start")
    attributes = attributes_of(record)
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
        "route": fields.loose_text(attributes, *ROUTE),
        "upstream": fields.loose_text(attributes, *UPSTREAM) if kind in ("client", "producer") else None,
        "resource_kind": "trace",
        "resource": trace_id,
    }
    event.update(resource_fields(attributes_of(_resource(around), "/resource")))
    return (event,)


def span_identity(record: Json) -> str | None:
    """The span within its trace."""
    return f"{id_of(record, 'traceId', 16)} {id_of(record, 'spanId', 8)}"


def span_gaps(record: Json, around: Around) -> Iterable[Gap]:
    """What the SDK dropped from the span."""
    return dropped_gaps([("", record)], "a span")


def _resource(around: Around) -> Json:
    holder: Json = {}
    for inner in around.enclosing:
        holder = fields.loose_mapping(inner, "resource") or holder
    return holder


def _kind(record: Json) -> str | None:
    written = record.get("kind")
    word = _KIND_NUMBERS.get(written, "") if isinstance(written, int) else str(written or "")
    return _KINDS.get(word.removeprefix("SPAN_KIND_"))


def _is_error(status: Json) -> bool:
    code = status.get("code")
    return code == 2 or code in ("STATUS_CODE_ERROR", "ERROR", "2")
