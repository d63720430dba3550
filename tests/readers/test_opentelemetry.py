"""OTLP JSON: log records, data points and spans of the Collector's file exporter."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from .reading import events_of, gaps_of, picked, reading_of, refusals_of
from .recorded import ALERT_FILE, export, recorded
from .samples import FILES

LOGS, METRICS, SPANS = (FILES[f"otlp_json {signal}"] for signal in ("logs", "metrics", "spans"))


def logs(**change: Any) -> dict[str, Any]:
    changed = deepcopy(LOGS)
    records = changed["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    changed["resourceLogs"][0]["scopeLogs"][0]["logRecords"] = [{**records[0], **change}]
    return changed


def point(**change: Any) -> dict[str, Any]:
    """The error ratio with one data point."""
    changed = deepcopy(METRICS)
    (scope,) = changed["resourceMetrics"][0]["scopeMetrics"]
    metric = scope["metrics"][0]
    scope["metrics"] = [{**metric, "gauge": {"dataPoints": [{**metric["gauge"]["dataPoints"][0], **change}]}}]
    return changed


def test_a_log_record_is_a_log_event() -> None:
    """Severity numbers become OCSF's; the resource names where it was written."""
    first, second = events_of(LOGS)
    assert picked(
        first, "kind", "severity_text", "severity_id", "is_error", "route", "service_name", "pod"
    ) == {
        "kind": "log",
        "severity_text": "ERROR",
        "severity_id": 4,
        "is_error": True,
        "route": "/v2/checkout",
        "service_name": "checkout-api",
        "pod": "checkout-api-6c5d8bb7f4-pdqst",
    }
    assert picked(first, "pointer", "event_time", "resource") == {
        "pointer": "/scopeLogs/0/logRecords/0",
        "event_time": 1768382193000760317,
        "resource": "439e5a12110d56355a392065b7f03bc6",
    }
    assert picked(second, "message", "event_time", "resource", "is_error") == {
        "message": '{"attempt":"4","msg":"retry scheduled"}',
        "event_time": 1768382194102004561,
        "resource": None,
        "is_error": False,
    }


@pytest.mark.parametrize(
    ("number", "word", "severity"),
    [
        (1, None, 1),
        (12, None, 1),
        (13, None, 3),
        (17, None, 4),
        (24, None, 6),
        (0, "warn", 3),
        (0, "odd", None),
    ],
)
def test_the_severity_number_goes_before_the_word(
    number: int, word: str | None, severity: int | None
) -> None:
    """0 is "not stated": then the word counts, if it is known."""
    (event,) = events_of(logs(severityNumber=number, severityText=word))
    assert event["severity_id"] == severity


def test_a_severity_may_be_written_as_the_enums_name() -> None:
    """As protobuf's own JSON does."""
    (event,) = events_of(logs(severityNumber="SEVERITY_NUMBER_FATAL3", severityText=""))
    assert picked(event, "severity_id", "severity_text") == {"severity_id": 6, "severity_text": "FATAL"}


def test_a_gauges_points_become_the_settings_measure() -> None:
    """As Prometheus' samples do; a point's own service goes before that of the Collector that scraped it."""
    points = [event for event in events_of(METRICS) if event.get("measure")]
    assert [
        picked(event, "measure", "measure_value", "measure_unit", "service_name") for event in points
    ] == [
        {
            "measure": "error_rate",
            "measure_value": value,
            "measure_unit": "ppm",
            "service_name": "checkout-api",
        }
        for value in (3100, 76500)
    ]
    assert picked(points[0], "pointer", "namespace", "pod", "cluster") == {
        "pointer": "/scopeMetrics/0/metrics/0/gauge/dataPoints/0",
        "namespace": "payments",
        "pod": None,
        "cluster": "prod-eu1",
    }


def test_a_distribution_has_no_single_value() -> None:
    """Its count and sum are kept as text, and it is declared to decide nothing."""
    (event,) = [event for event in events_of(METRICS) if event["name"] == "http.server.request.duration"]
    assert picked(event, "measure", "message", "route") == {
        "measure": None,
        "message": "count 4120, sum 981.25",
        "route": "/v2/checkout",
    }


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ({"asDouble": "0.5"}, 500_000),
        ({"asDouble": 1}, 1_000_000),
        ({"asDouble": None, "asInt": "2"}, 2_000_000),
    ],
)
def test_numbers_may_be_text(written: dict[str, Any], value: int) -> None:
    """64-bit integers are text in OTLP JSON; both are taken."""
    (event,) = events_of(point(**written))
    assert event["measure_value"] == value


def test_equal_points_of_two_pods_are_two_records() -> None:
    """The resource belongs to the record, so that its bytes tell them apart."""
    body = deepcopy(METRICS)
    twin = deepcopy(body["resourceMetrics"][0])
    twin["resource"]["attributes"][0]["value"]["stringValue"] = "another"
    body["resourceMetrics"].append(twin)
    assert len({record.sha256 for record in reading_of(body).records}) == 2


def test_a_span_is_read_as_tempo_reads_it() -> None:
    """Hex ids; the resource around it names the service."""
    (record,) = reading_of(SPANS).records
    assert record.identity == "439e5a12110d56355a392065b7f03bc6 a801738fec7b698f"
    assert picked(record.events[0], "kind", "upstream", "is_error", "duration_ms", "service_name") == {
        "kind": "trace",
        "upstream": "payment-gateway",
        "is_error": True,
        "duration_ms": 3100,
        "service_name": "checkout-api",
    }


def test_lines_of_all_three_signals_are_one_file() -> None:
    """A file exporter that is in every pipeline writes them side by side."""
    reading = reading_of(export("otlp_json_collector.jsonl"))
    assert reading.reader is not None
    assert (reading.reader.format, len(reading.records)) == ("otlp_json", 4)
    assert [len(record.events) for record in reading.records] == [2, 4, 1, 0]


def test_what_was_dropped_or_not_taken_is_a_gap() -> None:
    """Dropped attributes, points without a value, metrics without a measure, a backend's partial success."""
    gaps = gaps_of(export("otlp_json_collector.jsonl"))
    assert sorted({(gap.gap, gap.subject) for gap in gaps}) == [
        ("metric_unmapped", "http.server.request.duration"),
        ("metric_unmapped", "http.server.requests"),
        ("partial_result", "rejectedSpans"),
        ("partial_result", "service:error_ratio"),
        ("records_truncated", "droppedAttributesCount"),
    ]


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (logs(severityNumber=25), ("field_invalid", "/scopeLogs/0/logRecords/0/severityNumber")),
        (logs(severityNumber=True), ("field_invalid", "/scopeLogs/0/logRecords/0/severityNumber")),
        (logs(timeUnixNano="x"), ("time_invalid", "/scopeLogs/0/logRecords/0/timeUnixNano")),
        (
            logs(timeUnixNano="0", observedTimeUnixNano=None),
            ("field_missing", "/scopeLogs/0/logRecords/0/timeUnixNano"),
        ),
        (logs(traceId="xyz"), ("field_invalid", "/scopeLogs/0/logRecords/0/traceId")),
        (logs(body="text"), ("field_invalid", "/scopeLogs/0/logRecords/0/body")),
        (
            point(asDouble=None),
            ("field_missing", "/scopeMetrics/0/metrics/0/gauge/dataPoints/0/asDouble"),
        ),
        (
            point(asDouble="much"),
            ("field_invalid", "/scopeMetrics/0/metrics/0/gauge/dataPoints/0/asDouble"),
        ),
        (
            point(asDouble=None, asInt="1.5"),
            ("field_invalid", "/scopeMetrics/0/metrics/0/gauge/dataPoints/0/asInt"),
        ),
        (
            point(timeUnixNano=None),
            ("field_missing", "/scopeMetrics/0/metrics/0/gauge/dataPoints/0/timeUnixNano"),
        ),
        ({"resourceLogs": [{"scopeLogs": {}}]}, ("field_invalid", "/scopeLogs")),
        ({"partialSuccess": 7}, ("field_invalid", "/partialSuccess")),
    ],
)
def test_what_can_be_wrong(body: dict[str, Any], refusal: tuple[str, str]) -> None:
    """Each fault is named with its pointer."""
    assert refusals_of(body) == [refusal]


def test_otlp_fills_the_telemetry_of_a_state(tmp_path: Path) -> None:
    """A gauge gives the error rate, a log record and a span the failing routes and calls."""
    told = recorded(tmp_path, ALERT_FILE, {"otlp.jsonl": export("otlp_json_collector.jsonl")})
    state = told.state
    assert (state["error_rate_ppm"], state["is_error_rate_over_policy"]) == (76500, True)
    assert (state["impacted_route_count"], state["is_dependency_hot"]) == (1, False)
    assert state["sources"] == ["alertmanager", "opentelemetry"]


def test_what_otlp_lacks_is_an_unknown(tmp_path: Path) -> None:
    """Each declared gap is in the completeness of the incident, and lowers the confidence."""
    bare = recorded(tmp_path / "bare", ALERT_FILE)
    told = recorded(tmp_path / "told", ALERT_FILE, {"otlp.jsonl": export("otlp_json_collector.jsonl")})
    assert ("partial_result", "rejectedSpans") in told.gaps("opentelemetry")
    assert ("records_truncated", "droppedAttributesCount") in told.gaps("opentelemetry")
    assert {"gap-partial_result", "gap-records_truncated"} <= set(told.unknowns())
    assert told.state["confidence"] < bare.state["confidence"]


def test_an_answer_has_no_time_of_its_own(tmp_path: Path) -> None:
    """What only a backend's answer says counts from the window's end, as long as no arrival is recorded."""
    answer = b'{"partialSuccess": {"rejectedDataPoints": "12", "errorMessage": ""}}'
    told = recorded(tmp_path, ALERT_FILE, {"answer.json": answer})
    (gap,) = told.rows("intake.declared_gaps")
    assert gap["known_at"] == told.rows("intake.incidents")[0]["window_end"]
