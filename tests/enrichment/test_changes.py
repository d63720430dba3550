"""Changes: seen, not seen, or unknown, and what the most recent one says."""

from __future__ import annotations

from typing import Any

from .tables import CHECKOUT, MINUTE, SECOND, START, enriched, entry, event, incident, last_state, states

ALERT = event(1, "alertmanager", "alert", 0, name="High", activity="firing", service_name="checkout-api")


def sync(number: int, minute: int, **fields: Any) -> dict[str, Any]:
    given = {"activity": "synced", "application": "checkout-api", "revision": f"r{number}", **fields}
    return event(number, "argocd", "change", minute, **given)


def test_a_sync_within_the_look_back_is_seen() -> None:
    """The most recent change before the first symptom, with its fixed distance."""
    state = last_state([ALERT, sync(2, -100), sync(3, -10, previous_revision="r2", is_auto_sync=True)])
    assert state["is_change_seen"] is True
    assert (state["change_revision"], state["change_previous_revision"]) == ("r3", "r2")
    assert state["change_to_symptom_seconds"] == 600
    assert (state["is_change_auto_sync"], state["has_previous_revision"]) == (True, True)


def test_without_a_change_source_nobody_knows() -> None:
    """No change in evidence is not the same as no change."""
    assert last_state([ALERT])["is_change_seen"] is None


def test_no_change_is_known_from_a_source_that_covers_the_symptom() -> None:
    """An application read at or after the first symptom says no; one read before says nothing."""
    assert last_state([ALERT, sync(2, 1, activity="observed")])["is_change_seen"] is False
    assert last_state([ALERT, sync(2, -1, activity="observed")])["is_change_seen"] is None


def test_an_observation_of_another_service_covers_nothing() -> None:
    """The change source must be that of the affected service."""
    other = entry("component:default/cart", argocd_app="cart")
    observed = sync(2, 1, activity="observed", application="cart")
    assert last_state([ALERT, observed], entries=[CHECKOUT, other])["is_change_seen"] is None


def test_a_change_that_is_too_old_too_late_or_elsewhere_does_not_count() -> None:
    """Before the look-back, after the symptom, or on another service."""
    other = entry("component:default/cart", argocd_app="cart")
    changes = [sync(2, -121), sync(3, 1), sync(4, -10, application="cart"), sync(5, 2, activity="observed")]
    tables = enriched([ALERT, *changes], entries=[CHECKOUT, other])
    assert tables["enrichment.incident_context"].to_pylist()[0]["is_change_seen"] is False
    recent = {row["event_id"]: row for row in tables["enrichment.recent_changes"].to_pylist()}
    assert len(recent) == 3
    assert [row["is_affected_service"] for row in recent.values()] == [True, True, False]
    assert [row["is_most_recent"] for row in recent.values()] == [False, False, False]


def test_a_change_counts_from_its_arrival() -> None:
    """The change happened before the alert, but is not seen before it was known."""
    late = sync(2, -10, known_at=START + 30 * MINUTE)
    rows = states([ALERT, late])
    assert [row["is_change_seen"] for row in rows] == [None, True]
    assert [row["change_to_symptom_seconds"] for row in rows] == [None, 600]


def test_a_rollback_by_responders_is_no_change() -> None:
    """A sync at the recorded action is response, even where it lies before the symptom of a late signal."""
    acted = incident(action_taken="roll_back_release", action_taken_at=START - 5 * MINUTE)
    events = [ALERT, sync(2, -5), sync(3, 1, activity="observed")]
    assert last_state(events, incidents=[acted])["is_change_seen"] is False


def test_a_shared_application_changes_each_of_its_services() -> None:
    """Two components of one application: its sync is a change of either, and the release is shared."""
    twin = entry("component:default/twin", argocd_app="checkout-api")
    state = last_state([ALERT, sync(2, -10)], entries=[CHECKOUT, twin])
    assert (state["is_change_seen"], state["release_service_count"]) == (True, 2)


def test_cloudtrail_covers_incidents_about_a_cloud_identity() -> None:
    """Without a deployment source, its records say that nothing changed on the principal."""
    login = event(
        1,
        "aws_cloudtrail",
        "api_call",
        name="ConsoleLogin",
        is_mfa=False,
        actor="alice",
        account_uid="1",
        status="Success",
    )
    assert last_state([login], entries=[])["is_change_seen"] is False
    policy = event(
        2,
        "aws_cloudtrail",
        "api_call",
        -10,
        name="PutUserPolicy",
        activity="write",
        actor="bob",
        account_uid="1",
        resource="alice",
        status="success",
    )
    state = last_state([login, policy], entries=[])
    assert (state["is_change_seen"], state["change_source"]) == (True, "aws_cloudtrail")
    assert (state["change_initiator"], state["release_service_count"]) == ("bob", None)


def test_cloudtrail_does_not_cover_a_deployment() -> None:
    """For an incident about a service alone, cloud calls say nothing of its releases."""
    read = event(2, "aws_cloudtrail", "api_call", 1, name="ListBuckets", activity="read", actor="alice")
    assert last_state([ALERT, read])["is_change_seen"] is None


def test_the_age_of_a_change_grows_and_its_lag_does_not() -> None:
    """seconds_since_change follows the moment, ticks included; change_to_symptom_seconds is fixed."""
    rows = enriched([ALERT, sync(2, -10)])["enrichment.incident_states"].to_pylist()[1:]
    assert [row["seconds_since_change"] for row in rows] == [601, 1501, 4201]
    assert [row["change_to_symptom_seconds"] for row in rows] == [600, 600, 600]
    assert [row["known_at"] - START for row in rows] == [SECOND, 15 * MINUTE + SECOND, 60 * MINUTE + SECOND]


def test_a_deployment_to_another_environment_is_no_change_here() -> None:
    """A staging deployment of the same repository neither touches nor contradicts the production service."""
    deployed = event(
        2,
        "github",
        "change",
        -10,
        activity="deployed",
        repository="acme/checkout-api",
        environment="staging",
    )
    state = last_state([ALERT, deployed])
    assert (state["is_change_seen"], state["contradiction_count"]) == (None, 0)
    production = last_state([ALERT, {**deployed, "environment": "production"}])
    assert production["is_change_seen"] is True
