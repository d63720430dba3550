"""Alertmanager webhook bodies."""

from __future__ import annotations

from typing import Any

import pytest

from .reading import events_of, gaps_of, picked, reading_of, refusals_of
from .samples import ALERT, WEBHOOK


def webhook(**change: Any) -> dict[str, Any]:
    return {**WEBHOOK, "alerts": [{**ALERT, **change}]}


def test_a_firing_alert_began_at_its_start() -> None:
    """Name, service and severity come from the labels."""
    (event,) = events_of(WEBHOOK)
    assert picked(event, "kind", "name", "activity", "severity_id", "service_name", "event_time") == {
        "kind": "alert",
        "name": "CheckoutHighErrorRate",
        "activity": "firing",
        "severity_id": 5,
        "service_name": "checkout-api",
        "event_time": 1768382240413000000,
    }


def test_a_resolved_alert_is_dated_at_its_end() -> None:
    """It was not known to be over before."""
    (event,) = events_of(webhook(status="resolved", endsAt="2026-01-14T09:39:20.413Z"))
    assert picked(event, "activity", "event_time_text") == {
        "activity": "resolved",
        "event_time_text": "2026-01-14T09:39:20.413Z",
    }


def test_a_resolved_alert_without_end_needs_an_arrival() -> None:
    """The zero time says nothing; the recorded arrival of the file does."""
    body = webhook(status="resolved")
    assert refusals_of(body) == [("field_missing", "/endsAt")]
    (refused,) = reading_of(body).records
    assert "under `received` in incident.yaml or in a manifest of `evidence ingest`" in refused.detail
    (event,) = events_of(body, received_at=1768383560_000000000)
    assert event["event_time"] == 1768383560_000000000


def test_repeated_notifications_share_an_identity() -> None:
    """Fingerprint, status and start name the alert; its annotations may differ."""
    records = [reading_of(webhook(annotations={"summary": text})).records[0] for text in ("1 %", "2 %")]
    assert records[0].identity == records[1].identity == "57fdcbf46f0a1773 firing 2026-01-14T09:17:20.413Z"


def test_left_out_alerts_are_a_gap() -> None:
    """Alertmanager says how many it cut off the group."""
    (gap,) = gaps_of({**WEBHOOK, "truncatedAlerts": 3})
    assert (gap.gap, gap.subject, gap.pointer) == ("records_truncated", "alerts", "/truncatedAlerts")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"status": "silenced"}, ("field_invalid", "/status")),
        ({"labels": {}}, ("field_missing", "/labels/alertname")),
        ({"labels": {"alertname": 5}}, ("field_invalid", "/labels/alertname")),
        ({"startsAt": "2026-02-30T00:00:00Z"}, ("time_invalid", "/startsAt")),
        ({"annotations": "text"}, ("field_invalid", "/annotations")),
    ],
)
def test_what_can_be_wrong(change: dict[str, object], refusal: tuple[str, str]) -> None:
    """Each fault is named with its pointer; the other alerts of the body are kept."""
    body = {**WEBHOOK, "alerts": [{**ALERT, **change}, ALERT]}
    assert refusals_of(body) == [refusal]
    assert len(reading_of(body).records) == 2
