"""Holds what explains errors that no release brought: rotations of nodes and secrets, clocks in doubt."""

from __future__ import annotations

from typing import Any

import pytest

from tests.enrichment.tables import CHECKOUT, event, last_state, states

ALERT: dict[str, Any] = {
    "name": "HighErrorRate",
    "service_name": "checkout-api",
    "namespace": "payments",
    "severity_id": 5,
    "activity": "firing",
}


def alert(minute: int = 10) -> dict[str, Any]:
    return event(90, "alertmanager", "alert", minute, **ALERT)


def on_node(number: int, minute: int, node: str, reason: str = "Killing", **fields: Any) -> dict[str, Any]:
    """An event of a pod of checkout-api on the node."""
    pod = {"pod": "checkout-api-7d9b6f8f6d-xk2tw", "namespace": "payments"}
    return event(
        number, "kubernetes_events", "lifecycle", minute, name=reason, node=node, **{**pod, **fields}
    )


def cordon(number: int, minute: int, node: str, reason: str = "NodeNotSchedulable") -> dict[str, Any]:
    return event(
        number,
        "kubernetes_events",
        "lifecycle",
        minute,
        name=reason,
        node=node,
        resource_kind="Node",
        resource=node,
    )


@pytest.mark.parametrize(
    "reason", ["NodeNotSchedulable", "DisruptionTerminating", "RemovingNode", "ScaleDown"]
)
def test_a_node_of_the_service_that_is_taken_away_is_rotated(reason: str) -> None:
    """Whoever does it: people, an autoscaler or an upgrade."""
    assert last_state([cordon(1, 0, "n1", reason), on_node(2, 1, "n1"), alert()])["is_node_rotating"] is True


def test_a_node_without_the_services_pods_explains_nothing() -> None:
    """The cluster's events reach beyond the symptom and show no node of the service."""
    watched = on_node(3, 12, "n2", "Unhealthy")
    assert last_state([cordon(1, 0, "n1"), alert(), watched])["is_node_rotating"] is False


def test_a_node_that_is_taken_away_after_the_symptom_did_not_cause_it() -> None:
    """Nor one that went longer ago than the look-back."""
    late = [on_node(2, 1, "n1"), alert(), cordon(3, 20, "n1")]
    old = [cordon(1, -200, "n1"), on_node(2, 1, "n1"), alert(), on_node(3, 12, "n1", "Unhealthy")]
    assert [last_state(rows)["is_node_rotating"] for rows in (late, old)] == [False, False]


def test_without_the_clusters_events_nobody_knows_of_rotations() -> None:
    """Events that end before the symptom do not reach to it."""
    assert last_state([alert()])["is_node_rotating"] is None
    assert last_state([on_node(2, 1, "n1"), alert()])["is_node_rotating"] is None


def test_a_rotation_is_known_once_node_and_pod_are() -> None:
    """A late list of pods explains nothing before it arrives."""
    pod = on_node(2, 1, "n1", known_at=alert(30)["known_at"])
    rows = states([cordon(1, 0, "n1"), alert(), pod])
    assert [row["is_node_rotating"] for row in rows] == [None, None, True]


def test_a_node_under_pressure_after_a_change_does_not_hide_the_change() -> None:
    """What runs on a node can put it under pressure; that it is not ready, hardly."""
    sync = event(
        1,
        "argocd",
        "change",
        0,
        name="checkout-api",
        activity="synced",
        application="checkout-api",
        revision="b" * 40,
    )
    pressure = cordon(2, 8, "n1", "NodeHasInsufficientMemory")
    layers = {
        name: last_state([sync, cordon(2, 8, "n1", name), alert()])["layer"] for name in ("NodeNotReady",)
    }
    assert layers == {"NodeNotReady": "infrastructure"}
    assert last_state([sync, pressure, alert()])["layer"] == "app"
    assert last_state([pressure, alert()])["layer_reason"] == "out of a resource"


def test_a_rotation_that_failed_is_a_fault_of_infrastructure_and_no_attack() -> None:
    """Secrets Manager says so itself; its own principal is nobody whom an incident could be about."""
    failed = event(
        1, "aws_cloudtrail", "api_call", 0, name="RotationFailed", actor="secretsmanager.amazonaws.com",
        actor_kind="service", account_uid="111122223333", activity="write", status="Success",
    )  # fmt: skip
    state = last_state([failed, alert()], entries=[CHECKOUT])
    assert (state["signal_names"], state["severity_watch"]) == (
        ["HighErrorRate", "secret-rotation-failed"],
        4,
    )
    assert (state["layer"], state["principal"]) == ("infrastructure", None)


def test_a_notice_of_a_revision_does_not_hide_the_way_back() -> None:
    """Flux posts when an upgrade is done; its history told of it, and of the one before, by then."""
    told: dict[str, Any] = {"activity": "synced", "service_name": "checkout-api", "revision": "v39"}
    history = event(1, "flux", "change", 0, name="checkout-api", previous_revision="v38", **told)
    notice = event(2, "flux", "change", 1, name="checkout-api", **told)
    assert last_state([history, notice, alert()])["has_previous_revision"] is True
    assert last_state([notice, alert()])["has_previous_revision"] is False


def test_clocks_in_doubt_leave_open_what_came_first() -> None:
    """Once the skew of the change's tool, or of one that signalled, is known; not that of another tool."""
    sync = event(
        1,
        "argocd",
        "change",
        0,
        name="checkout-api",
        activity="synced",
        application="checkout-api",
        revision="b" * 40,
    )
    watched = on_node(3, 12, "n1", "Unhealthy")

    def seconds(source: str) -> list[Any]:
        gap = {
            "incident_id": "inc-1", "source": source, "gap": "clock_skewed", "subject": "arrival",
            "detail": "d", "known_at": watched["known_at"], "gap_count": 1, "record_sha256": "0" * 64,
            "pointer": "",
        }  # fmt: skip
        return [row["change_to_symptom_seconds"] for row in states([sync, alert(), watched], gaps=[gap])]

    assert {source: seconds(source) for source in ("alertmanager", "argocd", "loki")} == {
        "alertmanager": [None, 600, None],
        "argocd": [None, 600, None],
        "loki": [None, 600, 600],
    }
