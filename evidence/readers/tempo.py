"""Reads traces as Tempo's API answers them: `batches`, or `batches` or `resourceSpans` within `trace`.

Recognised by spans with `traceId`, `spanId` and times; of spans below a bare `resourceSpans` the Collector
is the author. One span is one record and one event. The service is named by the resource around the span.
Wrong can be: ids, times, an end before the start. Identity: trace id and span id.
"""

from __future__ import annotations

from collections.abc import Iterable

from evidence.readers import fields
from evidence.readers.contract import Gap, Json, Reader, SourceFacts
from evidence.readers.otlp_fields import BASE_EVENT, FORGEABLE
from evidence.readers.otlp_spans import SCOPES, is_span, read_span, span_gaps, span_identity

_ROOTS = (("batches",), ("trace", "batches"), ("trace", "resourceSpans"))
CONTAINERS = tuple((*root, "*", scope, "*", "spans") for root in _ROOTS for scope in SCOPES)


def is_envelope(envelope: Json) -> bool:
    """Whether it is an answer with a trace."""
    inner = fields.loose_mapping(envelope, "trace")
    return isinstance(inner.get("batches", inner.get("resourceSpans", envelope.get("batches"))), list)


def envelope_gaps(envelope: Json) -> Iterable[Gap]:
    """A trace that Tempo could not read in full (`status: PARTIAL` of its second API)."""
    if str(envelope.get("status", "")).upper() == "PARTIAL" or envelope.get("partial") is True:
        detail = f"Tempo returned part of the trace: {str(envelope.get('message', 'no reason given'))[:200]}"
        yield Gap("partial_result", "trace", detail, "/status" if "status" in envelope else "/partial")


FACTS = SourceFacts(
    tool="Tempo",
    written_by="`/api/traces/ID`, `/api/v2/traces/ID`",
    record="one span",
    read="duration, status, route and called service, with the resource around the span",
    ignored="span events and links, baggage",
    gaps=("partial_result",),
    forgeable=FORGEABLE,
    trust="whoever runs in the process writes its spans, attributes and resource included",
    class_uids=(BASE_EVENT,),
)

READER = Reader(
    "tempo_trace",
    "tempo",
    is_span,
    read_span,
    span_identity,
    containers=CONTAINERS,
    is_envelope=is_envelope,
    envelope_gaps=envelope_gaps,
    record_gaps=span_gaps,
    facts=FACTS,
)
