"""Owns what the log records of one OTLP resource state: one log event each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from evidence.readers import fields
from evidence.readers.contract import Event, Json
from evidence.readers.loki import ERROR_FROM, SEVERITIES
from evidence.readers.otlp_fields import (
    BASE_EVENT,
    ROUTE,
    attributes_of,
    id_of,
    optional_nanoseconds,
    resource_fields,
)

SCOPES = (("scopeLogs", "logRecords"), ("instrumentationLibraryLogs", "logRecords"))
# OTLP's ranges of severityNumber, four numbers each, as OCSF severities; 0 is "not stated".
_WORDS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_LEVELS = (1, 1, 1, 3, 4, 6)
_ENUM = {
    f"SEVERITY_NUMBER_{word}{place + 1 if place else ''}": 4 * index + place + 1
    for index, word in enumerate(_WORDS)
    for place in range(4)
}


def log_events(records: Iterator[tuple[str, Json]], resource: Json) -> Iterator[Event]:
    """One event per (pointer, log record)."""
    shared = resource_fields(attributes_of(resource, "/resource"))
    for at, record in records:
        attributes = attributes_of(record, at)
        level, severity = _severity(record, at)
        trace_id = id_of(record, "traceId", 16, at) if record.get("traceId") else None
        event: Event = {
            **shared,
            "pointer": at,
            "kind": "log",
            "class_uid": BASE_EVENT,
            "name": fields.optional_text(record, "eventName", at) or "log line",
            "activity": "logged",
            "message": _body(record, at),
            "severity_text": level,
            "severity_id": severity,
            "is_error": None if severity is None else severity >= ERROR_FROM,
            "route": fields.loose_text(attributes, *ROUTE),
            "upstream": attributes.get("peer.service"),
            "resource_kind": "trace" if trace_id else None,
            "resource": trace_id,
        }
        yield {**event, **_when(record, at)}


def _when(record: Json, at: str) -> Event:
    """When it happened; a record that does not know counts from when the Collector saw it."""
    for key in ("timeUnixNano", "observedTimeUnixNano"):
        event_time = optional_nanoseconds(record, key, at)
        if event_time is not None:
            return {"event_time": event_time, "event_time_text": str(record[key])}
    raise fields.missing(f"{at}/timeUnixNano", "timeUnixNano or observedTimeUnixNano, not 0")


def _severity(record: Json, at: str) -> tuple[str | None, int | None]:
    """(as written, OCSF id): the number where there is one, else the word."""
    written = fields.optional_text(record, "severityText", at)
    number = record.get("severityNumber")
    if isinstance(number, str) and number in _ENUM:
        number = _ENUM[number]
    if number in (None, 0, "SEVERITY_NUMBER_UNSPECIFIED") and not isinstance(number, bool):
        return written, fields.word(written, SEVERITIES)
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= 24:
        raise fields.invalid(f"{at}/severityNumber", number, "a severity number of 1 to 24")
    index = (number - 1) // 4
    return written or _WORDS[index], _LEVELS[index]


def _body(record: Json, at: str) -> str | None:
    """The text of the body; a structured one as compact JSON."""
    body = fields.optional_mapping(record, "body", at)
    value = _plain(body)
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def _plain(value: Json) -> Any:
    """OTLP's AnyValue as plain JSON; what is none of its kinds is nothing."""
    for key in ("stringValue", "boolValue", "intValue", "doubleValue", "bytesValue"):
        if value.get(key) is not None:
            return value[key]
    items = fields.loose_mapping(value, "arrayValue").get("values")
    if isinstance(items, list):
        return [_plain(item) if isinstance(item, dict) else None for item in items]
    pairs = fields.loose_mapping(value, "kvlistValue").get("values")
    if isinstance(pairs, list):
        return {
            str(pair.get("key")): _plain(fields.loose_mapping(pair, "value"))
            for pair in fields.loose_objects(pairs)
        }
    return None
