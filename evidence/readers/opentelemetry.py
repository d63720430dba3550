"""Reads OTLP JSON: logs, metrics and traces, as lines of the Collector's file exporter or whole documents.

Recognised by `resourceLogs`, `resourceMetrics` or `resourceSpans`. One resource with all its log records,
or with all its metrics, is one record, because the same point of two pods has the same bytes and only the
resource tells them apart; one span is one record, named by its ids. 64-bit integers are text or numbers,
times 0 are unknown, ids hex. An answer's `partialSuccess` is a record that states nothing but a gap.
Wrong can be: ids, times, severity numbers, a point without a number, a metric of two kinds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Gap, Json, Reader, SourceFacts
from evidence.readers.otlp_fields import BASE_EVENT, FORGEABLE, dropped_gaps
from evidence.readers.otlp_logs import SCOPES as LOG_SCOPES
from evidence.readers.otlp_logs import log_events
from evidence.readers.otlp_metrics import SCOPES as METRIC_SCOPES
from evidence.readers.otlp_metrics import metric_events, metric_gaps
from evidence.readers.otlp_spans import SCOPES as SPAN_SCOPES
from evidence.readers.otlp_spans import is_span, read_span, span_gaps, span_identity

_ROOTS = ("resourceLogs", "resourceMetrics", "resourceSpans")
_REJECTED = ("rejectedLogRecords", "rejectedDataPoints", "rejectedSpans")
_SPANS = tuple(("resourceSpans", "*", scope, "*", "spans") for scope in SPAN_SCOPES)
_PARTIAL = "partialSuccess"


def is_record(record: Json) -> bool:
    """Whether it is a resource with logs or metrics, a span, or the answer to an export."""
    scopes = (*LOG_SCOPES, *METRIC_SCOPES)
    return is_span(record) or any(scope in record for scope, _ in scopes) or _is_answer(record)


def is_envelope(envelope: Json) -> bool:
    """Whether it is a request of any of the three signals."""
    return any(isinstance(envelope.get(root), list) for root in _ROOTS)


def envelope_gaps(envelope: Json) -> Iterable[Gap]:
    """A partial success that was written beside what was sent."""
    return _rejected(envelope)


def read(record: Json, around: Around) -> Iterable[Event]:
    """The events of one resource's logs or metrics, or of one span."""
    if is_span(record):
        return read_span(record, around)
    if _is_answer(record):
        fields.mapping(record, _PARTIAL)
        return ()
    resource = fields.optional_mapping(record, "resource")
    logs = log_events(_inner(record, LOG_SCOPES), resource)
    metrics = metric_events(_inner(record, METRIC_SCOPES), resource, around)
    return [*logs, *metrics]


def identity(record: Json) -> str | None:
    """A span's ids; resources have no identity but their bytes."""
    return span_identity(record) if is_span(record) else None


def record_gaps(record: Json, around: Around) -> Iterable[Gap]:
    """What the SDK or Collector dropped, points without value, metrics without measure."""
    if is_span(record):
        return span_gaps(record, around)
    return _resource_gaps(record, around)


def _resource_gaps(record: Json, around: Around) -> Iterator[Gap]:
    yield from _rejected(record)
    yield from metric_gaps(_inner(record, METRIC_SCOPES), around)
    resource = fields.loose_mapping(record, "resource")
    scopes = [
        (f"/{scope}/{index}/scope", fields.loose_mapping(group, "scope"))
        for scope, _ in (*LOG_SCOPES, *METRIC_SCOPES)
        for index, group in enumerate(fields.optional_objects(record, scope))
    ]
    holders = [("/resource", resource), *scopes, *_inner(record, LOG_SCOPES)]
    yield from dropped_gaps(holders, "a resource and its log records")


def _inner(record: Json, scopes: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, Json]]:
    """(pointer, message) of everything below the scopes."""
    for scope, key in scopes:
        for index, group in enumerate(fields.optional_objects(record, scope)):
            at = f"/{scope}/{index}"
            for place, item in enumerate(fields.optional_objects(group, key, at)):
                yield f"{at}/{key}/{place}", item


def _is_answer(record: Json) -> bool:
    return _PARTIAL in record and not any(root in record for root in _ROOTS)


def _rejected(holder: Json) -> Iterator[Gap]:
    """What a backend says that it did not take; counts are text or numbers."""
    partial = fields.loose_mapping(holder, _PARTIAL)
    for key in _REJECTED:
        count = fields.loose_text(partial, key)
        if count not in (None, "0"):
            reason = str(partial.get("errorMessage") or "no reason given")[:200]
            detail = f"the backend did not take all that was sent ({key} {count}): {reason}"
            yield Gap("partial_result", key, detail, f"/{_PARTIAL}/{key}")


READER = Reader(
    "otlp_json",
    "opentelemetry",
    is_record,
    read,
    identity,
    containers=(("resourceLogs",), ("resourceMetrics",), *_SPANS),
    is_envelope=is_envelope,
    envelope_gaps=envelope_gaps,
    record_gaps=record_gaps,
    is_exact=True,
    facts=SourceFacts(
        tool="OpenTelemetry",
        written_by="the Collector's `file` exporter, or an OTLP/HTTP request body kept as it was sent (JSON)",
        record="one resource with its log records or its metrics; one span; one answer of a backend",
        read="every log record, every data point of a gauge or sum, every span; the resource names service, "
        "workload, pod, node and environment",
        ignored="exemplars, span events and links; histograms and summaries keep count and sum as text only",
        gaps=("metric_unmapped", "partial_result", "records_truncated"),
        forgeable=FORGEABLE,
        trust="whoever runs in the process writes its telemetry, attributes and resource included",
        class_uids=(BASE_EVENT,),
    ),
)
