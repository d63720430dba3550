"""Prometheus, Loki and Tempo: samples, lines and spans."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from ..ingest.ingesting import ingest, intake_of, put
from .reading import events_of, gaps_of, picked, reading_of, refusals_of
from .recorded import ALERT_FILE, recorded
from .samples import LOKI, PROMETHEUS, SPAN, TEMPO


def matrix(values: Any, **labels: str) -> dict[str, Any]:
    changed = deepcopy(PROMETHEUS)
    changed["data"]["result"] = [{"metric": {"__name__": "service:error_ratio", **labels}, "values": values}]
    return changed


def streams(values: Any, **more: Any) -> dict[str, Any]:
    return {"data": {"resultType": "streams", "result": [{"stream": {"app": "a"}, "values": values}], **more}}


def trace(**change: Any) -> dict[str, Any]:
    changed = deepcopy(TEMPO)
    changed["batches"][0]["scopeSpans"][0]["spans"] = [{**SPAN, **change}]
    return changed


def test_a_sample_is_an_integer_by_the_settings_scale() -> None:
    """Decimal text times scale, rounded half to even; no float on the way."""
    first, second = events_of(PROMETHEUS)
    keys = ("pointer", "name", "measure", "measure_value", "measure_unit", "event_time", "service_name")
    assert picked(first, *keys) == {
        "pointer": "/values/0",
        "name": "error_rate",
        "measure": "error_rate",
        "measure_value": 3107,
        "measure_unit": "ppm",
        "event_time": 1768381500_000000000,
        "service_name": "checkout-api",
    }
    assert picked(second, "pointer", "measure_value") == {"pointer": "/values/2", "measure_value": 76500}


@pytest.mark.parametrize(
    ("written", "value"),
    [("0.0000005", 0), ("0.0000015", 2), ("-0.0000015", -2), ("1e-9", 0), ("5", 5_000_000)],
)
def test_halves_round_to_even(written: str, value: int) -> None:
    """So that rounding does not drift."""
    (event,) = events_of(matrix([[1768381500, written]]))
    assert event["measure_value"] == value


def test_milliseconds_of_a_sample_are_exact() -> None:
    """1768381500.781 has no exact float; its text has."""
    (event,) = events_of(matrix([[1768381500.781, "1"]]))
    assert picked(event, "event_time", "event_time_text") == {
        "event_time": 1768381500_781000000,
        "event_time_text": "1768381500.781",
    }


def test_a_sample_without_value_is_a_gap() -> None:
    """NaN says that there is none: no event, but not silence."""
    assert [(gap.gap, gap.subject, gap.pointer) for gap in gaps_of(PROMETHEUS)] == [
        ("partial_result", "service:error_ratio", "/values/1")
    ]


def test_a_metric_without_meaning_keeps_its_text() -> None:
    """It is evidence, but no measure; the gap says so."""
    body = matrix([[1768381500, "1"]], __name__="up")
    (event,) = events_of(body)
    assert picked(event, "name", "measure", "measure_value", "message") == {
        "name": "up",
        "measure": None,
        "measure_value": None,
        "message": "1",
    }
    assert [(gap.gap, gap.subject) for gap in gaps_of(body)] == [("metric_unmapped", "up")]


def test_warnings_of_an_answer_are_gaps() -> None:
    """Prometheus, Loki and partial traces of Tempo."""
    gaps = [*gaps_of({**matrix([]), "warnings": ["a"]}), *gaps_of({**streams([]), "warnings": ["b"]})]
    gaps += gaps_of(
        {"trace": {"resourceSpans": TEMPO["batches"]}, "status": "PARTIAL", "message": "too large"}
    )
    assert [gap.gap for gap in gaps] == ["source_warning", "source_warning", "partial_result"]


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ([[1768381500, 0.5]], ("field_invalid", "/values/0")),
        ([[1768381500, "0x10"]], ("field_invalid", "/values/0/1")),
        ([[1768381500, "1_000"]], ("field_invalid", "/values/0/1")),
        ([[1768381500, "1e300"]], ("field_invalid", "/values/0/1")),
        ([[1768381500, "1"], ["soon", "1"]], ("field_invalid", "/values/1/0")),
        ([[-1, "1"]], ("time_outside_range", "/values/0/0")),
        ([[99999999999, "1"]], ("time_outside_range", "/values/0/0")),
        ([[1768381500]], ("field_invalid", "/values/0")),
        (None, ("field_missing", "/values")),
    ],
)
def test_what_can_be_wrong_with_a_series(values: Any, refusal: tuple[str, str]) -> None:
    """The sample at fault is named."""
    assert refusals_of(matrix(values)) == [refusal]


def test_a_line_tells_its_level_and_route() -> None:
    """From the JSON of the line, or from logfmt."""
    error, info = events_of(LOKI)
    keys = ("kind", "is_error", "severity_id", "route", "event_time", "workload", "pointer")
    assert picked(error, *keys) == {
        "kind": "log",
        "is_error": True,
        "severity_id": 4,
        "route": "/v2/checkout",
        "event_time": 1768382193000760317,
        "workload": "checkout-api",
        "pointer": "/values/0",
    }
    assert picked(info, "is_error", "severity_id", "pointer") == {
        "is_error": False,
        "severity_id": 1,
        "pointer": "/values/1",
    }


def test_a_line_without_level_says_nothing_of_errors() -> None:
    """Plain text is neither an error nor none."""
    (event,) = events_of(streams([["1768382193000760317", "GET / 200"]]))
    assert event["is_error"] is None


@pytest.mark.parametrize(
    ("told", "count", "gaps"),
    [
        (1000, 0, ["entries_equal_limit"]),
        pytest.param(None, 100, ["entries_equal_limit"], marks=pytest.mark.slow),
        (None, 99, []),
        # What Loki says that it returned counts, and not what is left of it.
        pytest.param(101, 100, [], marks=pytest.mark.slow),
    ],
)
def test_as_many_lines_as_a_limit_are_a_gap(
    told: int | None, count: int, gaps: list[str], tmp_path: Path
) -> None:
    """A thousand lines are a full page, and so are a hundred; without statistics they are counted."""
    stats = {} if told is None else {"stats": {"summary": {"totalEntriesReturned": told}}}
    lines = [[f"17683822490007603{number:02}", "level=error GET / 500"] for number in range(count)]
    body = json.dumps(streams(lines, **stats)).encode()
    limits = [gap for gap, _ in recorded(tmp_path / "direct", ALERT_FILE, {"loki.json": body}).gaps("loki")]
    assert gaps == limits
    ingest(put(tmp_path / "exports", {"loki.json": body, **ALERT_FILE}), into=tmp_path / "in")
    declared = intake_of(tmp_path / "in")["intake.declared_gaps"].to_pylist()
    assert gaps == [row["gap"] for row in declared if row["source"] == "loki"]


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ([[1768382193000760317, "x"]], ("field_invalid", "/values/0/0")),
        ([["1768382193000760317"]], ("field_invalid", "/values/0")),
        ([["17683821930007603171", "x"]], ("time_outside_range", "/values/0/0")),
        ([["now", "x"]], ("time_invalid", "/values/0/0")),
    ],
)
def test_what_can_be_wrong_with_a_stream(values: Any, refusal: tuple[str, str]) -> None:
    """The entry at fault is named."""
    assert refusals_of(streams(values)) == [refusal]


def test_a_span_names_service_and_upstream() -> None:
    """The resource around it names the service; a client span whom it called."""
    (event,) = events_of(TEMPO)
    keys = (
        "kind",
        "service_name",
        "workload",
        "environment",
        "upstream",
        "duration_ms",
        "is_error",
        "event_time",
    )
    assert picked(event, *keys) == {
        "kind": "trace",
        "service_name": "checkout-api",
        "workload": "checkout-api",
        "environment": "production",
        "upstream": "payment-gateway",
        "duration_ms": 3100,
        "is_error": True,
        "event_time": 1768382193100480619,
    }


def test_hex_and_base64_ids_are_one() -> None:
    """OTLP JSON writes hex, Tempo's protobuf JSON base64; kinds and codes are words or numbers."""
    other = {
        "traceId": "439e5a12110d56355a392065B7F03BC6",
        "spanId": "a801738fec7b698f",
        "kind": 3,
        "status": {"code": 2},
    }
    spans = [reading_of(trace()).records[0], reading_of(trace(**other)).records[0]]
    assert spans[0].identity == spans[1].identity
    assert [picked(span.events[0], "resource", "upstream", "is_error") for span in spans] == [
        {"resource": "439e5a12110d56355a392065b7f03bc6", "upstream": "payment-gateway", "is_error": True}
    ] * 2


def test_every_shape_of_a_trace_is_read() -> None:
    """resourceSpans, Tempo's second API, older library spans, and lines of a collector."""
    batch = TEMPO["batches"][0]
    older = {"resource": batch["resource"], "instrumentationLibrarySpans": batch["scopeSpans"]}
    shapes = [{"resourceSpans": [batch]}, {"trace": {"resourceSpans": [batch]}}, {"batches": [older]}]
    assert [events_of(shape) for shape in shapes] == [events_of(TEMPO)] * 3


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"traceId": "zz"}, ("field_invalid", "/traceId")),
        ({"spanId": "Q55aEhENVjVaOSBlt/A7xg=="}, ("field_invalid", "/spanId")),
        ({"endTimeUnixNano": "1768382190000480618"}, ("field_invalid", "/endTimeUnixNano")),
        ({"endTimeUnixNano": None}, ("field_missing", "/endTimeUnixNano")),
        ({"startTimeUnixNano": "x"}, ("time_invalid", "/startTimeUnixNano")),
        ({"attributes": [5]}, ("field_invalid", "/attributes/0")),
    ],
)
def test_what_can_be_wrong_with_a_span(change: dict[str, Any], refusal: tuple[str, str]) -> None:
    """Each fault is named with its pointer."""
    assert refusals_of(trace(**change)) == [refusal]
