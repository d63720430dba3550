"""Alertmanager's API v2: groups, alerts and silences."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from .reading import events_of, gaps_of, picked, reading_of, refusals_of, without
from .recorded import export, recorded
from .samples import FILES, WEBHOOK

GROUPS: list[dict[str, Any]] = FILES["alertmanager_api groups"]
ALERTS: list[dict[str, Any]] = FILES["alertmanager_api alerts"]
SILENCE: dict[str, Any] = FILES["alertmanager_silences"][0]


def test_an_alert_of_the_api_fires_from_its_start() -> None:
    """Its end lies ahead and says nothing; a suppressed alert fires all the same."""
    events = events_of(ALERTS)
    assert [picked(event, "name", "activity", "status", "severity_id") for event in events] == [
        {"name": "CheckoutHighErrorRate", "activity": "firing", "status": "active", "severity_id": 5},
        {"name": "CheckoutLatencyHigh", "activity": "firing", "status": "suppressed", "severity_id": 3},
    ]
    assert events[0]["event_time_text"] == "2026-01-14T09:17:20.413Z"


def test_an_alert_is_a_record_also_within_its_group() -> None:
    """Its anchor covers the alert alone; the copy in another receiver's group has the same identity."""
    reading = reading_of(GROUPS)
    assert [record.identity for record in reading.records] == [
        "57fdcbf46f0a1773 2026-01-14T09:17:20.413Z 2026-01-14T09:22:20.420Z active",
        "0a1be23c9d2f4e11 2026-01-14T09:18:05.000Z 2026-01-14T09:22:20.420Z suppressed",
        "57fdcbf46f0a1773 2026-01-14T09:17:20.413Z 2026-01-14T09:22:20.420Z active",
    ]
    assert reading.records[0].raw.startswith(b'{"annotations"')
    assert [event["name"] for event in events_of([GROUPS[0], {**GROUPS[1], "alerts": []}])] == [
        "CheckoutHighErrorRate",
        "CheckoutLatencyHigh",
    ]


def test_two_polls_of_one_alert_do_not_contradict_each_other() -> None:
    """The alert was seen again later."""
    later = {**ALERTS[0], "updatedAt": "2026-01-14T09:23:20Z", "endsAt": "2026-01-14T09:27:20Z"}
    assert len({record.identity for record in reading_of([ALERTS[0], later]).records}) == 2


def test_an_array_of_webhook_bodies_is_an_array_of_documents() -> None:
    """Each body's alerts are records, and what it left out is a gap."""
    bodies = [WEBHOOK, {**WEBHOOK, "truncatedAlerts": 2}]
    assert len(events_of(bodies)) == 2
    assert [gap.detail for gap in gaps_of(bodies)] == ["Alertmanager left out 2 alerts of the group"]


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"status": {"state": "resolved"}}, ("field_invalid", "/status/state")),
        ({"status": {}}, ("field_missing", "/status/state")),
        ({"startsAt": "T012:48:30"}, ("time_invalid", "/startsAt")),
        ({"labels": {"alertname": 1}}, ("field_invalid", "/labels/alertname")),
        ({"labels": {}}, ("field_missing", "/labels/alertname")),
    ],
)
def test_what_can_be_wrong(change: dict[str, Any], refusal: tuple[str, str]) -> None:
    """Each fault is named with its pointer; the other alerts of the group are kept."""
    body = deepcopy(GROUPS)
    body[0]["alerts"][0].update(change)
    assert refusals_of(body) == [refusal]
    assert len(reading_of(body).records) == 3


def test_a_silence_is_what_a_responder_did() -> None:
    """Never visible to a rule; the matchers as Alertmanager writes them."""
    (event,) = events_of([SILENCE])
    assert picked(event, "kind", "is_response", "activity", "actor", "name", "event_time_text") == {
        "kind": "response",
        "is_response": True,
        "activity": "silence",
        "actor": "jonas.weber@example.com",
        "name": 'silence service="checkout-api", severity!~"critical|page"',
        "event_time_text": "2026-01-14T09:31:02.118Z",
    }


@pytest.mark.parametrize(
    ("record", "refusal"),
    [
        ({**SILENCE, "startsAt": None}, ("field_missing", "/startsAt")),
        ({**SILENCE, "createdBy": ""}, ("field_invalid", "/createdBy")),
        ({**SILENCE, "matchers": [1]}, ("field_invalid", "/matchers/0")),
        ({**SILENCE, "matchers": [{"value": "x"}]}, ("field_missing", "/matchers/0/name")),
        ({**without(SILENCE, "status"), "status": "active"}, ("field_invalid", "/status")),
    ],
)
def test_what_can_be_wrong_with_a_silence(record: dict[str, Any], refusal: tuple[str, str]) -> None:
    """Each fault is named with its pointer."""
    assert refusals_of([record]) == [refusal]


def test_an_alert_of_the_api_is_a_signal(tmp_path: Path) -> None:
    """It begins the incident, names the service and grades the severity, as a webhook's does."""
    told = recorded(tmp_path, {"groups.json": export("alertmanager_api_groups.json")})
    state = told.state
    assert (state["first_signal_name"], state["service"]) == ("CheckoutHighErrorRate", "checkout-api")
    assert (state["severity"], state["signal_count"], state["is_signal_cleared"]) == (5, 2, False)
    (file,) = told.rows("intake.files")
    assert (file["record_count"], file["evidence_count"], file["duplicate_count"]) == (3, 2, 1)


def test_a_silence_reaches_no_column(tmp_path: Path) -> None:
    """The state is the same with and without it."""
    groups = {"groups.json": export("alertmanager_api_groups.json")}
    bare = recorded(tmp_path / "bare", groups).state
    told = recorded(tmp_path / "told", groups, {"silences.json": export("alertmanager_silences.json")})
    assert told.state == bare
    assert "response" in [row["kind"] for row in told.rows("intake.evidence_events")]
