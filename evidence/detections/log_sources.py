"""Owns the log sources that rules may name: which formats each stands for, where a field is looked up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

View = Callable[[Any, str], Any]
"""What a rule sees of a record: its parsed JSON and the pointer of the entry; None when it sees nothing."""

EVENTS_FORMAT = "evidence_events"
"""Stands for `intake.evidence_events` where others name a format of `intake.raw_records`."""


@dataclass(frozen=True)
class LogSource:
    """One log source. A rule names it by all of `attributes` and none beyond `attributes` and `optional`."""

    name: str
    attributes: Mapping[str, str]
    formats: tuple[str, ...]
    lookup: str
    optional: Mapping[str, str] = field(default_factory=dict)

    def is_named_by(self, named: Mapping[str, str]) -> bool:
        """Whether a rule that says `named` means this log source."""
        allowed = {**self.optional, **self.attributes}
        return all(named.get(key) == value for key, value in self.attributes.items()) and all(
            allowed.get(key) == value for key, value in named.items()
        )


def _as_it_is(record: Any, pointer: str) -> Any:
    return record


def _falco(record: Any, pointer: str) -> Any:
    fields = record.get("output_fields")
    return {**fields, **record} if isinstance(fields, dict) else record


def _part(record: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        record = record[int(step)] if isinstance(record, list) else record[step]
    return record


def _loki(record: Any, pointer: str) -> Any:
    if not pointer.startswith("/values/"):
        return None
    entry = _part(record, pointer)
    metadata = entry[2] if len(entry) > 2 and isinstance(entry[2], dict) else {}
    return {**record["stream"], **metadata, "message": entry[1]}


def _otlp(record: Any, pointer: str) -> Any:
    if "/logRecords/" not in pointer:
        return None
    entry = _part(record, pointer)
    plain = {key: value for key, value in entry.items() if key not in ("attributes", "body")}
    resource = _attributes(record.get("resource", {}))
    return {**resource, **_attributes(entry), **plain, "message": _any_value(entry.get("body", {}))}


def _attributes(holder: Mapping[str, Any]) -> dict[str, Any]:
    return _pairs(holder.get("attributes") or [])


def _pairs(pairs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {pair["key"]: _any_value(pair.get("value") or {}) for pair in pairs}


def _any_value(value: Mapping[str, Any]) -> Any:
    """OTLP's AnyValue as plain JSON; integers are written as strings in it."""
    if "arrayValue" in value:
        return [_any_value(one) for one in value["arrayValue"].get("values") or []]
    if "kvlistValue" in value:
        return _pairs(value["kvlistValue"].get("values") or [])
    if "intValue" in value:
        written = str(value["intValue"])
        return int(written) if re.fullmatch("-?[0-9]{1,19}", written) else written
    return next(iter(value.values()), None)


LOG_SOURCES = (
    LogSource(
        "cloudtrail",
        {"product": "aws", "service": "cloudtrail"},
        ("cloudtrail",),
        "the event as CloudTrail wrote it: `eventName`, `userIdentity.type`, `requestParameters.…`",
    ),
    LogSource(
        "kubernetes_audit",
        {"product": "kubernetes", "service": "audit"},
        ("kubernetes_audit",),
        "the audit event as the API server wrote it: `verb`, `objectRef.resource`, `user.username`",
        optional={"category": "application"},
    ),
    LogSource(
        "falco",
        {"product": "falco"},
        ("falco_json",),
        "the alert as Falco wrote it: `rule`, `priority`, `output`; its output fields by their own names, "
        "too: `proc.name` as well as `output_fields.proc.name`",
        optional={"service": "alerts"},
    ),
    LogSource(
        "github_audit",
        {"product": "github", "service": "audit"},
        ("github_audit",),
        "the entry as GitHub's audit log writes it: `action`, `actor`, `repo`",
    ),
    LogSource(
        "loki",
        {"product": "loki"},
        ("loki_query_range",),
        "per line: `message` is the line, every label and structured metadata stands by its own name",
        optional={"category": "application"},
    ),
    LogSource(
        "opentelemetry",
        {"product": "opentelemetry"},
        ("otlp_json",),
        "per log record: `message` is the body, attributes of the record and of its resource stand by "
        "their own names, `severityText` and the like as OTLP calls them",
        optional={"category": "application", "service": "logs"},
    ),
    LogSource(
        "application_logs",
        {"category": "application"},
        ("loki_query_range", "otlp_json"),
        "as `loki` and `opentelemetry`; `message` is what both have",
    ),
    LogSource(
        "events",
        {"product": "evidence", "service": "events"},
        (EVENTS_FORMAT,),
        "the columns of `intake.evidence_events`; what responders did is left out",
    ),
)
LOG_SOURCES_BY_NAME = {each.name: each for each in LOG_SOURCES}
# What a rule sees where that is not the record as it is.
VIEWS: Mapping[str, View] = {"falco_json": _falco, "loki_query_range": _loki, "otlp_json": _otlp}
FORMATS_BY_ENTRY = ("loki_query_range", "otlp_json")
"""A record of these holds several entries (the lines of a stream), each of which is one record to a rule."""


def view_of(format_name: str) -> View:
    """How records of the format are seen."""
    return VIEWS.get(format_name, _as_it_is)
