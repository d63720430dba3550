"""Owns what the metrics of one OTLP resource state: one metric event per data point that has a value.

A gauge's or sum's points are single numbers and become measures by the settings' names and scales, as
Prometheus' samples do. Histograms and summaries have no single value: they keep count and sum as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, cast

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Gap, Json
from evidence.readers.kubernetes_names import workload_of_pod
from evidence.readers.measures import measured, metric_named
from evidence.readers.otlp_fields import (
    BASE_EVENT,
    WORKLOADS,
    attributes_of,
    nanoseconds,
    resource_fields,
)

SCOPES = (("scopeMetrics", "metrics"), ("instrumentationLibraryMetrics", "metrics"))
_NUMBERS = ("gauge", "sum")
_DISTRIBUTIONS = ("histogram", "exponentialHistogram", "summary")
_NO_RECORDED_VALUE = 1
_NOT_A_VALUE = frozenset({"NaN", "Infinity", "-Infinity"})
_NUMBER = re.compile(r"[-+]?[0-9]{1,40}(?:\.[0-9]{0,40})?(?:[eE][-+]?[0-9]{1,3})?")
# A point that names its own service was scraped: the resource around it is the scraper, and says only where.
_PLACE = ("cluster", "region", "account_uid", "environment")


def metric_events(metrics: Iterable[tuple[str, Json]], resource: Json, around: Around) -> Iterator[Event]:
    """One event per data point that has a value; `metrics` are (pointer, metric)."""
    shared = resource_fields(attributes_of(resource, "/resource"))
    for at, metric in metrics:
        name = fields.text(metric, "name", at)
        named = metric_named(name, around)
        for kind, pointer, point in _points(metric, at):
            value = _value(kind, point, pointer)
            if value is None:
                continue
            event: Event = {
                **_subject(shared, attributes_of(point, pointer)),
                "pointer": pointer,
                "kind": "metric",
                "class_uid": BASE_EVENT,
                "name": name,
                "activity": "sample",
                "resource_kind": "metric",
                "resource": name,
                "event_time": nanoseconds(point, "timeUnixNano", pointer),
                "event_time_text": str(point["timeUnixNano"]),
            }
            if named is not None and isinstance(value, Decimal):
                event.update({"name": named.measure, **measured(value, named, value, pointer)})
            else:
                event["message"] = str(value)
            yield event


def metric_gaps(metrics: Iterable[tuple[str, Json]], around: Around) -> Iterator[Gap]:
    """Metrics without a measure, and points without a value."""
    seen: dict[str, int] = {}
    for at, metric in metrics:
        name = metric["name"]
        kinds = {kind for kind, _, _ in _points(metric, at)}
        seen.setdefault(name, 0)
        if seen[name] == 0 and kinds & {*_DISTRIBUTIONS}:
            yield Gap("metric_unmapped", name, f"{name} is a distribution: it has no single value", at)
            seen[name] = 1
        elif seen[name] == 0 and kinds and metric_named(name, around) is None:
            yield Gap("metric_unmapped", name, f"the settings do not say what {name} measures", at)
            seen[name] = 1
        without = [pointer for kind, pointer, point in _points(metric, at) if not _has_value(kind, point)]
        if without:
            yield Gap("partial_result", name, f"{len(without)} points of {name} have no value", without[0])


def _points(metric: Json, at: str) -> Iterator[tuple[str, str, Json]]:
    """(kind, pointer, data point) of each."""
    kinds = [kind for kind in (*_NUMBERS, *_DISTRIBUTIONS) if metric.get(kind) is not None]
    if len(kinds) > 1:
        raise fields.invalid(f"{at}/{kinds[1]}", metric[kinds[1]], f"nothing beside {kinds[0]}")
    for kind in kinds:
        holder = fields.mapping(metric, kind, at)
        for index, point in enumerate(fields.optional_objects(holder, "dataPoints", f"{at}/{kind}")):
            yield kind, f"{at}/{kind}/dataPoints/{index}", point


def _has_value(kind: str, point: Json) -> bool:
    flags = point.get("flags")
    if isinstance(flags, int) and flags & _NO_RECORDED_VALUE:
        return False
    return kind in _DISTRIBUTIONS or str(point.get("asDouble")) not in _NOT_A_VALUE


def _value(kind: str, point: Json, at: str) -> Decimal | str | None:
    """The exact number of a point, the count and sum of a distribution, None where there is no value."""
    if not _has_value(kind, point):
        return None
    if kind in _DISTRIBUTIONS:
        return f"count {point.get('count', 0)}, sum {point.get('sum', 'not recorded')}"
    if point.get("asDouble") is not None:
        return _decimal(point["asDouble"], f"{at}/asDouble", "a number, NaN, Infinity or -Infinity")
    if point.get("asInt") is not None:
        value = _decimal(point["asInt"], f"{at}/asInt", "an integer, as text or number")
        if value != value.to_integral_value():
            raise fields.invalid(f"{at}/asInt", point["asInt"], "an integer, as text or number")
        return value
    raise fields.missing(f"{at}/asDouble", "asDouble or asInt")


def _decimal(written: Any, pointer: str, expected: str) -> Decimal:
    if isinstance(written, Decimal):
        return written
    is_number = isinstance(written, int) and not isinstance(written, bool)
    if is_number or (isinstance(written, str) and _NUMBER.fullmatch(written)):
        return Decimal(written)
    raise fields.invalid(pointer, written, expected)


def _subject(shared: Event, point: Mapping[str, str]) -> Event:
    """What the point is about: its own attributes first, as an exporter writes them, then the resource's."""
    service = fields.loose_text(point, "service.name", "service", "app")
    pod = fields.loose_text(point, "k8s.pod.name", "pod")
    workload, kind = workload_of_pod(pod), "Deployment"
    for key, workload_kind in (*WORKLOADS, ("deployment", "Deployment"), ("statefulset", "StatefulSet")):
        if point.get(key):
            workload, kind = point[key], workload_kind
            break
    own: dict[str, Any] = {
        "service_name": service,
        "namespace": fields.loose_text(point, "k8s.namespace.name", "namespace"),
        "workload": workload,
        "workload_kind": kind if workload else None,
        "pod": pod,
        "node": fields.loose_text(point, "k8s.node.name", "node"),
        "cluster": fields.loose_text(point, "k8s.cluster.name", "cluster"),
        "environment": fields.loose_text(
            point, "deployment.environment.name", "deployment.environment", "environment"
        ),
        "route": fields.loose_text(point, "http.route", "route", "handler"),
        "upstream": fields.loose_text(point, "peer.service", "upstream"),
    }
    is_scraped = service is not None and service != shared.get("service_name")
    around = {key: value for key, value in shared.items() if not is_scraped or key in _PLACE}
    stated = {key: value for key, value in own.items() if value is not None}
    return cast(Event, {**around, **stated})
