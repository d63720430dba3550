"""Reads answers of Prometheus' `query_range` and `query` (also Loki's metric queries, the same shape).

Recognised by `data.resultType` matrix or vector. One series is one record; every sample is one metric
event. Samples are decimal text and become integers by the settings' scale, rounded half to even; a
metric that the settings do not name keeps its text and is declared as a gap. NaN and infinities say
that there is no value: no event, and a gap. Wrong can be: a sample that is no pair, no number, no time.
Series have no identity but their bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Gap, Json, Reader, SourceFacts
from evidence.readers.kubernetes_names import workload_of_pod
from evidence.readers.measures import measured, metric_named
from evidence.readers.query_answers import declared_warnings
from evidence.settings import Metric
from evidence.times import parse_unix_seconds

BASE_EVENT = 0  # OCSF has no class for telemetry
UNNAMED = "(expression)"
_NUMBER = re.compile(r"[-+]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][-+]?[0-9]{1,3})?")
_NOT_A_VALUE = frozenset({"NaN", "+Inf", "-Inf", "Inf"})


def is_record(record: Json) -> bool:
    """Whether it has the keys of a series."""
    return isinstance(record.get("metric"), dict) and ("values" in record or "value" in record)


def is_envelope(envelope: Json) -> bool:
    """Whether it is an answer with a matrix or vector."""
    data = envelope.get("data")
    return isinstance(data, dict) and data.get("resultType") in ("matrix", "vector")


def envelope_gaps(envelope: Json) -> Iterable[Gap]:
    """The warnings of the answer."""
    return declared_warnings(envelope, "Prometheus")


def read(record: Json, around: Around) -> Iterable[Event]:
    """One event per sample that has a value."""
    fields.mapping(record, "metric")
    labels = fields.text_labels(record, "metric")
    name = labels.get("__name__", UNNAMED)
    metric = metric_named(name, around)
    shared = _shared(labels, name, metric)
    return [
        {**shared, **_measured(written, metric, pointer), "pointer": pointer, **_when(seconds, pointer)}
        for pointer, seconds, written in _samples(record)
        if written not in _NOT_A_VALUE
    ]


def record_gaps(record: Json, around: Around) -> Iterable[Gap]:
    """A metric that the settings do not name; samples that are no number."""
    name = record["metric"].get("__name__", UNNAMED)
    if metric_named(name, around) is None:
        yield Gap("metric_unmapped", name, f"the settings do not say what {name} measures", "/metric")
    without = [pointer for pointer, _, written in _samples(record) if written in _NOT_A_VALUE]
    if without:
        detail = f"{len(without)} samples of {name} are NaN or infinite"
        yield Gap("partial_result", name, detail, without[0])


def _samples(record: Json) -> Iterator[tuple[str, Any, str]]:
    """(pointer, seconds, value as written) of each sample."""
    if "value" in record and "values" not in record:
        yield ("/value", *_pair(record["value"], "/value"))
        return
    if record.get("values") is None:
        raise fields.missing("/values", "an array of [seconds, text]")
    for index, sample in enumerate(fields.optional_items(record, "values")):
        pointer = f"/values/{index}"
        yield (pointer, *_pair(sample, pointer))


def _pair(sample: Any, pointer: str) -> tuple[Any, str]:
    if not isinstance(sample, list) or len(sample) != 2 or not isinstance(sample[1], str):
        raise fields.invalid(pointer, sample, "a pair of seconds and decimal text")
    if isinstance(sample[0], bool) or not isinstance(sample[0], int | Decimal):
        raise fields.invalid(f"{pointer}/0", sample[0], "a number of seconds")
    return sample[0], sample[1]


def _when(seconds: Any, pointer: str) -> Event:
    event_time = fields.in_time(parse_unix_seconds, seconds, f"{pointer}/0")
    return {"event_time": event_time, "event_time_text": str(seconds)}


def _measured(written: str, metric: Metric | None, pointer: str) -> Event:
    if _NUMBER.fullmatch(written) is None:
        raise fields.invalid(f"{pointer}/1", written, "a decimal number, NaN, +Inf or -Inf")
    if metric is None:
        return {"message": written}
    return measured(Decimal(written), metric, written, f"{pointer}/1")


def _shared(labels: Json, name: str, metric: Metric | None) -> Event:
    pod = labels.get("pod")
    deployment = labels.get("deployment") or labels.get("workload") or workload_of_pod(pod)
    return {
        "kind": "metric",
        "class_uid": BASE_EVENT,
        "name": metric.measure if metric else name,
        "activity": "sample",
        "cluster": labels.get("cluster"),
        "namespace": labels.get("namespace"),
        "workload": labels.get("statefulset") or deployment,
        "workload_kind": "StatefulSet"
        if labels.get("statefulset")
        else ("Deployment" if deployment else None),
        "pod": pod,
        "node": labels.get("node"),
        "service_name": labels.get("service") or labels.get("app") or labels.get("job"),
        "environment": labels.get("environment") or labels.get("env"),
        "region": labels.get("region"),
        "route": labels.get("route") or labels.get("handler") or labels.get("http_route"),
        "upstream": labels.get("upstream") or labels.get("dependency"),
        "resource_kind": "metric",
        "resource": name,
    }


FACTS = SourceFacts(
    tool="Prometheus",
    written_by="`/api/v1/query_range`, `/api/v1/query`; Loki's metric queries have the same form",
    record="one series of the answer",
    read="every sample of a metric that the settings name, as an integer",
    ignored="native histograms, exemplars, samples that are no number",
    gaps=("metric_unmapped", "partial_result", "source_warning"),
    forgeable=(
        "name",
        "message",
        "measure",
        "measure_value",
        "measure_unit",
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
        "resource",
    ),
    trust="whoever is scraped chooses its samples and, unless relabelled, its labels",
    class_uids=(BASE_EVENT,),
)

READER = Reader(
    "prometheus_query_range",
    "prometheus",
    is_record,
    read,
    containers=(("data", "result"),),
    is_envelope=is_envelope,
    envelope_gaps=envelope_gaps,
    record_gaps=record_gaps,
    is_exact=True,
    facts=FACTS,
)
