"""PagerDuty's v3 webhooks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .reading import events_of, gaps_of, picked, reading_of, refusals_of, without
from .recorded import export, recorded
from .samples import FILES, PAGERDUTY_LOG_ENTRY

PING, TRIGGERED, ACKNOWLEDGED, ESCALATED, ANNOTATED, RESOLVED = FILES["pagerduty_webhooks"]


def with_event(body: dict[str, Any], **change: Any) -> dict[str, Any]:
    return {"event": {**body["event"], **change}}


def with_data(body: dict[str, Any], **change: Any) -> dict[str, Any]:
    return with_event(body, data={**body["event"]["data"], **change})


def test_a_trigger_is_an_alert() -> None:
    """Its title names it; priority goes before urgency."""
    (event,) = events_of(TRIGGERED)
    keys = (
        "kind",
        "activity",
        "name",
        "severity_id",
        "service_name",
        "resource",
        "pointer",
        "event_time_text",
    )
    assert picked(event, *keys) == {
        "kind": "alert",
        "activity": "triggered",
        "name": "CheckoutHighErrorRate checkout-api",
        "severity_id": 5,
        "service_name": "Checkout",
        "resource": "PCHKOUT",
        "pointer": "/event",
        "event_time_text": "2026-01-14T09:17:34.112Z",
    }


def test_an_acknowledgement_says_what_its_log_entry_says() -> None:
    """The same act, person, incident and time, whichever way it was exported."""
    keys = ("kind", "is_response", "activity", "name", "actor", "service_name", "resource", "event_time")
    (posted,) = events_of(ACKNOWLEDGED)
    (listed,) = events_of([PAGERDUTY_LOG_ENTRY])
    assert picked(posted, *keys) == picked(listed, *keys)
    assert (posted["activity"], posted["is_response"]) == ("acknowledge", True)


@pytest.mark.parametrize(
    ("event_type", "agent", "expected"),
    [
        ("incident.resolved", "service_reference", ("alert", "resolved", False)),
        ("incident.resolved", None, ("alert", "resolved", False)),
        ("incident.resolved", "user_reference", ("response", "resolve", True)),
        ("incident.escalated", "user_reference", ("response", "escalate", True)),
        ("incident.unacknowledged", None, ("response", "unacknowledge", True)),
        ("incident.responder.added", "user_reference", ("response", "responder_request", True)),
        ("incident.workflow.started", None, ("response", "workflow.started", True)),
        ("service.updated", None, ("response", "service.updated", True)),
    ],
)
def test_what_is_no_alert_is_what_responders_did(
    event_type: str, agent: str | None, expected: tuple[str, str, bool]
) -> None:
    """Also a type that is not known yet: no rule may see it."""
    body = with_event(RESOLVED, event_type=event_type, agent=agent and {"type": agent})
    (event,) = events_of(body)
    assert (event["kind"], event["activity"], event["is_response"]) == expected


def test_a_note_goes_under_the_incidents_title() -> None:
    """And says where PagerDuty cut it off."""
    (event,) = events_of(ANNOTATED)
    assert picked(event, "name", "message", "activity") == {
        "name": "CheckoutHighErrorRate checkout-api",
        "message": "error rate follows the release of 09:12",
        "activity": "annotate",
    }
    assert [(gap.gap, gap.pointer) for gap in gaps_of(ANNOTATED)] == [
        ("records_truncated", "/event/data/trimmed")
    ]


def test_a_ping_states_nothing() -> None:
    """It tests the subscription; it is read all the same."""
    assert events_of(PING) == []


def test_bare_events_are_read() -> None:
    """As a queue keeps them, without the body around them."""
    (event,) = events_of([ACKNOWLEDGED["event"]])
    assert (event["pointer"], event["activity"]) == ("", "acknowledge")


def test_a_delivery_that_is_tried_again_is_a_duplicate() -> None:
    """The event's id is its identity."""
    assert reading_of(TRIGGERED).records[0].identity == TRIGGERED["event"]["id"]


@pytest.mark.parametrize(
    ("record", "refusal"),
    [
        (with_event(TRIGGERED, occurred_at="today"), ("time_invalid", "/event/occurred_at")),
        (with_event(TRIGGERED, agent="Jonas"), ("field_invalid", "/event/agent")),
        (with_event(TRIGGERED, event_type=None), ("field_missing", "/event/event_type")),
        (with_event(TRIGGERED, data=None), ("field_missing", "/event/data")),
        (
            with_event(TRIGGERED, data=without(TRIGGERED["event"]["data"], "title")),
            ("field_missing", "/event/data/title"),
        ),
        (with_data(TRIGGERED, service=[]), ("field_invalid", "/event/data/service")),
    ],
)
def test_what_can_be_wrong(record: dict[str, Any], refusal: tuple[str, str]) -> None:
    """Each fault is named with its pointer."""
    assert refusals_of(record) == [refusal]


def test_a_webhook_pages_as_an_incident_of_the_api_does(tmp_path: Path) -> None:
    """It begins the incident and grades it; what responders did fills no column."""
    bodies = export("pagerduty_webhooks.jsonl").splitlines(keepends=True)
    told = recorded(tmp_path / "all", {"pagerduty.jsonl": b"".join(bodies)})
    state = told.state
    assert (state["first_signal_source"], state["service"]) == ("pagerduty", "checkout-api")
    assert (state["severity_pagerduty"], state["signal_names"]) == (5, ["CheckoutHighErrorRate checkout-api"])
    bare = recorded(tmp_path / "bare", {"pagerduty.jsonl": bodies[1]}).state
    columns = {name for name in state if state[name] != bare[name]}
    assert columns <= {"gap_count", "confidence"}
    acts = [row["activity"] for row in told.rows("intake.evidence_events") if row["is_response"]]
    assert sorted(acts) == ["acknowledge", "annotate", "escalate", "resolve"]
    assert told.gaps("pagerduty") == [("records_truncated", "data")]
