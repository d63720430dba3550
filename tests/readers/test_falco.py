"""Falco alerts."""

from __future__ import annotations

import json

import pytest

from .reading import events_of, picked, reading_of, refusals_of, without
from .samples import FALCO


def test_an_alert_is_a_detection() -> None:
    """Rule, priority, pod and the workload that the pod's generated name tells."""
    (event,) = events_of(FALCO)
    assert picked(
        event,
        "kind",
        "class_uid",
        "name",
        "activity",
        "severity_id",
        "event_time",
        "namespace",
        "pod",
        "workload",
    ) == {
        "kind": "detection",
        "class_uid": 2004,
        "name": "Terminal shell in container",
        "activity": "detected",
        "severity_id": 2,
        "event_time": 1767694502123456789,
        "namespace": "payments",
        "pod": "checkout-api-7d9b6f8f6d-xk2tw",
        "workload": "checkout-api",
    }
    assert picked(event, "workload_kind", "node", "actor") == {
        "workload_kind": "Deployment",
        "node": "node-7",
        "actor": None,
    }


def test_start_up_lines_are_quarantined_one_by_one() -> None:
    """Falco writes text before and between alerts; each such line is refused, each alert kept."""
    line = json.dumps(FALCO)
    content = f"Tue Jan  6 10:00:00 2026: Falco version: 0.41.3\nLoading rules\n{line}\nhealthy\n{line}\n"
    reading = reading_of(content)
    assert [record.reason for record in reading.records] == [
        "json_invalid",
        "json_invalid",
        "",
        "json_invalid",
        "",
    ]
    assert [record.line for record in reading.records] == [1, 2, 3, 4, 5]


def test_a_line_that_breaks_off_is_truncated() -> None:
    """The file's last record ends in the middle."""
    line = json.dumps(FALCO)
    assert refusals_of(f"{line}\n{line[:-40]}") == [("truncated", "")]


def test_the_time_may_have_an_offset_without_colon() -> None:
    """Falco's iso8601 field is written so."""
    (event,) = events_of({**FALCO, "time": "2026-01-06T11:15:02.123456789+0100"})
    assert event["event_time"] == 1767694502123456789


def test_the_cloudtrail_plugin_names_the_identity() -> None:
    """ct.* fields are the caller's, and the plug-in's host is no node."""
    output = {
        "ct.user": "svc-deploy",
        "ct.user.accesskeyid": "AKIAIOSFODNN7EXAMPLE",
        "ct.srcip": "203.0.113.140",
    }
    (event,) = events_of({**FALCO, "source": "aws_cloudtrail", "output_fields": output})
    assert picked(event, "actor", "credential_uid", "credential_kind", "src_ip", "node") == {
        "actor": "svc-deploy",
        "credential_uid": "AKIAIOSFODNN7EXAMPLE",
        "credential_kind": "long_lived",
        "src_ip": "203.0.113.140",
        "node": None,
    }


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"time": "2026-01-06T012:48:30Z"}, ("time_invalid", "/time")),
        ({"time": "1969-12-31T23:59:59Z"}, ("time_outside_range", "/time")),
        ({"time": 1767694502}, ("field_invalid", "/time")),
        ({"priority": "Loud"}, ("field_invalid", "/priority")),
        ({"rule": ""}, ("field_invalid", "/rule")),
        ({"output_fields": []}, ("field_invalid", "/output_fields")),
    ],
)
def test_what_can_be_wrong(change: dict[str, object], refusal: tuple[str, str]) -> None:
    """Each fault is named with its pointer."""
    assert refusals_of({**FALCO, **change}) == [refusal]


def test_a_missing_time_is_named() -> None:
    """An alert without time cannot be placed."""
    assert refusals_of(without(FALCO, "time")) == [("field_missing", "/time")]
