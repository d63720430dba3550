"""StackStorm and Argo Events: what they pass on, and what else they saw."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from evidence.times import parse_rfc3339

from .reading import events_of, picked, refusals_of, without
from .samples import document, lines

INSTANCES = document("stackstorm-trigger-instances.json")
WEBHOOK, TIMER = INSTANCES
FROM_FALCO, FROM_ALERTMANAGER, FROM_CALENDAR = lines("argo-events.jsonl")


def test_a_webhook_that_stackstorm_passes_on_is_read_by_its_own_reader() -> None:
    """Both alerts of the body, each with its place, known when StackStorm noted the trigger."""
    first, second = events_of([WEBHOOK])
    assert picked(first, "kind", "name", "severity_id", "service_name", "pointer", "event_time_text") == {
        "kind": "alert",
        "name": "CheckoutHighErrorRate",
        "severity_id": 5,
        "service_name": "checkout-api",
        "pointer": "/payload/body/alerts/0",
        "event_time_text": "2026-01-14T09:17:20.413Z",
    }
    assert "/payload/body/alerts/1" == second["pointer"]
    assert {parse_rfc3339("2026-01-14T09:17:52.284Z")} == {first["known_at"], second["known_at"]}


def test_any_other_trigger_is_only_seen_to_have_fired() -> None:
    """A timer says nothing about an incident; a list leaves all payloads out."""
    (timer,) = events_of([TIMER])
    (listed,) = events_of([without(WEBHOOK, "payload")])
    assert picked(timer, "kind", "name", "status") == {
        "kind": "log",
        "name": "core.st2.IntervalTimer",
        "status": "processed",
    }
    assert "log" == listed["kind"]


def test_an_event_of_the_bus_holds_its_data_plainly() -> None:
    """CloudEvents attributes at the top, data below."""
    first, second = events_of(FROM_ALERTMANAGER)
    assert ["/data/body/alerts/0", "/data/body/alerts/1"] == [first["pointer"], second["pointer"]]
    assert parse_rfc3339("2026-01-14T09:17:53Z") == first["known_at"]


def test_a_sensor_sees_context_and_bytes() -> None:
    """The bytes come in base64; no pointer reaches into them."""
    (event,) = events_of(FROM_FALCO)
    assert picked(event, "kind", "name", "namespace", "pointer") == {
        "kind": "detection",
        "name": "Terminal shell in container",
        "namespace": "payments",
        "pointer": "/data",
    }


_CONTEXT = {key: value for key, value in FROM_ALERTMANAGER.items() if key != "data"}
LOGGED: dict[str, Any] = {
    "level": "info",
    "ts": 1768382273.97,
    "logger": "argo-events.sensor",
    "msg": json.dumps(FROM_ALERTMANAGER["data"]),
    "sensorName": "log",
    "triggerName": "log-trigger",
    "dependencyName": "alerts",
    "eventContext": json.dumps(_CONTEXT),
}


def test_the_line_of_a_log_trigger_is_read_as_the_event() -> None:
    """Context and data are texts in it, into which no pointer reaches; else it says the same."""
    told = ("name", "event_time", "known_at", "service_name", "severity_id", "status")
    logged, passed = events_of(LOGGED), events_of(FROM_ALERTMANAGER)
    assert [picked(event, *told) for event in passed] == [picked(event, *told) for event in logged]
    assert {"/msg"} == {event["pointer"] for event in logged}
    (calendar,) = events_of({**LOGGED, "msg": "{}"})
    assert "log" == calendar["kind"]


@pytest.mark.parametrize(
    ("context", "reason"),
    [
        ("no JSON", "field_invalid"),
        ("[]", "field_invalid"),
        (json.dumps({**_CONTEXT, "time": "yesterday"}), "time_invalid"),
        (json.dumps(without(_CONTEXT, "source")), "field_missing"),
    ],
)
def test_a_logged_context_is_pointed_to_as_one(context: str, reason: str) -> None:
    """Whatever is wrong in it."""
    assert [(reason, "/eventContext")] == refusals_of({**LOGGED, "eventContext": context})


def test_an_event_of_another_kind_names_its_source_and_event() -> None:
    """What a sensor's dependency names."""
    (event,) = events_of(FROM_CALENDAR)
    assert picked(event, "kind", "name", "activity") == {
        "kind": "log",
        "name": "calendar/nightly",
        "activity": "calendar",
    }


def test_data_that_is_no_json_is_not_looked_into() -> None:
    """A text is a text; `data_base64` must be base64."""
    (event,) = events_of({**FROM_ALERTMANAGER, "data": "plain words"})
    assert "log" == event["kind"]
    broken = {**without(FROM_ALERTMANAGER, "data"), "data_base64": "***"}
    assert [("field_invalid", "/data_base64")] == refusals_of(broken)


def test_a_payload_that_breaks_its_own_format_is_refused_at_its_field() -> None:
    """The pointer leads through the automation's envelope."""
    body = WEBHOOK["payload"]["body"]
    broken = {**body, "alerts": [{**body["alerts"][0], "startsAt": "never"}]}
    record = {**WEBHOOK, "payload": {"body": broken}}
    assert [("time_invalid", "/payload/body/alerts/0/startsAt")] == refusals_of([record])
    packed = base64.b64encode(json.dumps(broken).encode()).decode()
    assert [("time_invalid", "/data")] == refusals_of({**FROM_FALCO, "data": packed})


@pytest.mark.parametrize(
    ("record", "refusal"),
    [
        ({**TIMER, "occurrence_time": "Wed, 14 Jan 2026"}, ("time_invalid", "/occurrence_time")),
        ({**TIMER, "status": "lost"}, ("field_invalid", "/status")),
        ({**TIMER, "trigger": ""}, ("field_invalid", "/trigger")),
        ({**TIMER, "payload": "x"}, ("field_invalid", "/payload")),
        (without(FROM_ALERTMANAGER, "time"), ("field_missing", "/time")),
        ({**FROM_ALERTMANAGER, "source": 1}, ("field_invalid", "/source")),
        (
            {**FROM_FALCO, "context": without(FROM_FALCO["context"], "time")},
            ("field_missing", "/context/time"),
        ),
    ],
)
def test_what_can_be_wrong(record: dict[str, Any], refusal: tuple[str, str]) -> None:
    """Each fault is named with its pointer."""
    assert [refusal] == refusals_of(record)
