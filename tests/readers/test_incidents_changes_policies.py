"""PagerDuty, GitHub, OPA and the event envelope."""

from __future__ import annotations

from typing import Any

import pytest

from .reading import events_of, gaps_of, picked, refusals_of, without
from .samples import (
    DECISION,
    DEPLOYMENT,
    DEPLOYMENT_STATUS,
    ENVELOPE,
    PAGERDUTY_INCIDENT,
    PAGERDUTY_LOG_ENTRY,
)


def test_what_responders_did_is_apart_from_the_trigger() -> None:
    """The trigger knows nothing of the resolution: its status is not the incident's present one."""
    trigger, acknowledged, resolved = events_of([PAGERDUTY_INCIDENT])
    assert picked(
        trigger, "kind", "activity", "status", "severity_id", "service_name", "event_time_text"
    ) == {
        "kind": "alert",
        "activity": "triggered",
        "status": "triggered",
        "severity_id": 5,
        "service_name": "Checkout",
        "event_time_text": "2026-01-14T09:17:34Z",
    }
    assert [
        picked(e, "kind", "activity", "is_response", "actor", "pointer") for e in (acknowledged, resolved)
    ] == [
        {
            "kind": "response",
            "activity": activity,
            "is_response": True,
            "actor": "Jonas Weber",
            "pointer": pointer,
        }
        for activity, pointer in (("acknowledge", "/acknowledgements/0"), ("resolve", "/resolved_at"))
    ]


@pytest.mark.parametrize(
    ("priority", "urgency", "severity"), [({"summary": "P3"}, "high", 3), (None, "high", 4), (None, "low", 2)]
)
def test_priority_goes_before_urgency(priority: Any, urgency: str, severity: int) -> None:
    """Urgency decides where no priority is set."""
    trigger = events_of([{**PAGERDUTY_INCIDENT, "priority": priority, "urgency": urgency}])[0]
    assert trigger["severity_id"] == severity


@pytest.mark.parametrize(
    ("kind", "agent", "expected"),
    [
        ("trigger_log_entry", "service_reference", ("alert", "triggered", False)),
        ("resolve_log_entry", "service_reference", ("alert", "resolved", False)),
        ("resolve_log_entry", "user_reference", ("response", "resolve", True)),
        ("annotate_log_entry", "user_reference", ("response", "annotate", True)),
        ("escalate_log_entry", "service_reference", ("response", "escalate", True)),
    ],
)
def test_log_entries_tell_people_from_systems(kind: str, agent: str, expected: tuple[str, str, bool]) -> None:
    """Only the monitored system's own trigger and end are alerts."""
    (event,) = events_of([{**PAGERDUTY_LOG_ENTRY, "type": kind, "agent": {"type": agent}}])
    assert (event["kind"], event["activity"], event["is_response"]) == expected


def test_a_log_entry_goes_under_the_incidents_title() -> None:
    """So that incident and entries are one signal."""
    (event,) = events_of([PAGERDUTY_LOG_ENTRY])
    assert event["name"] == PAGERDUTY_INCIDENT["title"]


def test_a_further_page_is_a_gap() -> None:
    """`more` says that the page is not the last."""
    bodies = ({"incidents": [], "more": True}, {"log_entries": [PAGERDUTY_LOG_ENTRY], "more": True})
    assert [gap.subject for body in bodies for gap in gaps_of(body)] == ["incidents", "log_entries"]


@pytest.mark.parametrize(
    ("record", "refusal"),
    [
        ({**PAGERDUTY_INCIDENT, "created_at": "x"}, ("time_invalid", "/created_at")),
        (without(PAGERDUTY_INCIDENT, "title"), ("field_missing", "/title")),
        ({**PAGERDUTY_INCIDENT, "acknowledgements": [{}]}, ("field_missing", "/acknowledgements/0/at")),
        ({**PAGERDUTY_LOG_ENTRY, "agent": []}, ("field_invalid", "/agent")),
        ({**DEPLOYMENT, "created_at": None}, ("field_missing", "/created_at")),
        ({**DEPLOYMENT, "creator": "bot"}, ("field_invalid", "/creator")),
        ({**DEPLOYMENT_STATUS, "state": "done"}, ("field_invalid", "/state")),
        ({"deployment": DEPLOYMENT, "deployment_status": []}, ("field_invalid", "/deployment_status")),
        (without(DECISION, "timestamp"), ("field_missing", "/timestamp")),
        ({**DECISION, "labels": []}, ("field_invalid", "/labels")),
        ({**ENVELOPE, "timestamp": "T012:48:30"}, ("time_invalid", "/timestamp")),
        ({**ENVELOPE, "severity": "severe", "time": "2026-01-12T10:14:26Z"}, ("field_invalid", "/severity")),
    ],
)
def test_what_can_be_wrong(record: dict[str, Any], refusal: tuple[str, str]) -> None:
    """Each fault is named with its pointer."""
    assert refusals_of([record]) == [refusal]


def test_a_deployment_is_a_change_and_a_coverage() -> None:
    """It was begun, and GitHub was read up to its last update."""
    begun, observed = events_of([DEPLOYMENT])
    assert picked(begun, "activity", "repository", "environment", "revision", "branch", "initiator") == {
        "activity": "deployed",
        "repository": "acme/checkout-api",
        "environment": "production",
        "revision": DEPLOYMENT["sha"],
        "branch": "main",
        "initiator": "release-bot[bot]",
    }
    assert picked(observed, "activity", "event_time_text", "pointer") == {
        "activity": "observed",
        "event_time_text": "2026-01-14T09:13:02Z",
        "pointer": "/updated_at",
    }


def test_a_status_is_a_change_when_it_succeeded() -> None:
    """Other states only say that GitHub was read."""
    states = [{**DEPLOYMENT_STATUS, "state": state} for state in ("success", "in_progress", "failure")]
    assert [event["activity"] for event in events_of(states)] == ["deployed", "observed", "observed"]


def test_a_webhook_body_gives_the_status_its_revision() -> None:
    """The deployment beside it has the commit; the repository its name."""
    body = {
        "deployment_status": DEPLOYMENT_STATUS,
        "deployment": DEPLOYMENT,
        "repository": {"full_name": "acme/x"},
    }
    (event,) = events_of(body)
    assert picked(event, "pointer", "revision", "repository", "status") == {
        "pointer": "/deployment_status",
        "revision": DEPLOYMENT["sha"],
        "repository": "acme/x",
        "status": "success",
    }


def test_a_decision_names_the_object_and_its_verdict() -> None:
    """A network policy concerns the workload that it selects."""
    (event,) = events_of([DECISION])
    keys = (
        "kind",
        "class_uid",
        "activity",
        "namespace",
        "resource_kind",
        "resource",
        "service_name",
        "actor_kind",
    )
    assert picked(event, *keys) == {
        "kind": "policy",
        "class_uid": 2003,
        "activity": "denied",
        "namespace": "logistics",
        "resource_kind": "NetworkPolicy",
        "resource": "quarantine-inventory",
        "service_name": "inventory",
        "actor_kind": "workload",
    }
    assert picked(event, "message", "has_approval_artifact") == {
        "message": "production network policy changes require approved-by label",
        "has_approval_artifact": False,
    }


@pytest.mark.parametrize(
    ("path", "result", "activity"),
    [
        ("a/deny", [], "allowed"),
        ("a/deny", ["no"], "denied"),
        ("a/allow", True, "allowed"),
        ("a/allow", False, "denied"),
        ("a/allow", None, "denied"),
        ("a/deny", None, "allowed"),
        ("a/b", {"allow": True, "deny": []}, "allowed"),
        ("a/b", {"violations": [{"msg": "no"}]}, "denied"),
        ("system/main", {"response": {"allowed": False}}, "denied"),
        ("a/report", [1, 2], None),
        ("a/report", {"score": 3}, None),
    ],
)
def test_the_verdict_table(path: str, result: Any, activity: str | None) -> None:
    """What a result says; what says nothing stays unknown."""
    (event,) = events_of([{**DECISION, "path": path, "result": result}])
    assert event["activity"] == activity


def test_an_image_policy_flags_the_image_when_it_denies() -> None:
    """By its path, or because a violation names an image."""
    denied = [{"msg": "critical vulnerability", "image": "registry/x:1", "severity": "critical"}]
    records = [
        {**DECISION, "path": "kubernetes/admission/images", "result": {"deny": ["no"]}},
        {**DECISION, "path": "gatekeeper/violation", "result": denied},
        {**DECISION, "path": "kubernetes/admission/images", "result": {"deny": []}},
    ]
    events = events_of(records)
    assert [event["is_image_flagged"] for event in events] == [True, True, None]
    assert events[1]["severity_id"] == 5


def test_masked_fields_are_a_gap() -> None:
    """OPA lists what it erased."""
    (gap,) = gaps_of([{**DECISION, "erased": ["/input/request/object/data"]}])
    assert (gap.gap, gap.subject, gap.pointer) == ("fields_masked", "/input/request/object/data", "/erased")


def test_an_envelope_without_time_counts_from_its_arrival() -> None:
    """Its ten keys hold no time; without an arrival it is refused."""
    assert refusals_of(ENVELOPE) == [("field_missing", "/timestamp")]
    (event,) = events_of(ENVELOPE, received_at=1768212866_000000000)
    assert picked(event, "kind", "name", "severity_id", "event_time", "event_time_text", "revision") == {
        "kind": "detection",
        "name": "Terminal shell in container",
        "severity_id": 4,
        "event_time": 1768212866_000000000,
        "event_time_text": "2026-01-12T10:14:26Z",
        "revision": "git-sha-abc123",
    }
