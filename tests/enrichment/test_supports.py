"""What a state says rests on the event that shows it, and what nothing shows is only a claim."""

from __future__ import annotations

from typing import Any

from .tables import enriched, event, states
from .test_states import ALERT, metric, span


def test_a_pod_that_only_a_relay_names_is_told_apart() -> None:
    """An automation's word is a claim; a log line of that pod shows it, a call that finds none does not."""
    named = {"namespace": "payments", "pod": "checkout-api-7d9b6f8f6d-xk2tw"}
    claim = event(1, "stackstorm", "detection", 0, name="Shell", node="node-a", **named)
    asked = event(
        2, "kubernetes_audit", "api_call", 1, name="get pods", status="404", activity="get", **named
    )
    fault = event(
        3,
        "kubernetes_events",
        "lifecycle",
        2,
        severity_id=3,
        namespace="payments",
        node="node-b",
        pod="checkout-api-7d9b6f8f6d-zzzzz",
    )
    line = event(4, "loki", "log", 3, **named)
    rows = states([claim, asked, fault, line])
    assert [(row["pod_count"], row["claimed_pod_count"], row["is_spreading"]) for row in rows] == [
        (0, 1, False),
        (0, 1, False),
        (1, 1, False),
        (2, 0, True),
    ]


def _layer_support(events: list[dict[str, Any]]) -> tuple[str, int]:
    """The last state's reason for its layer, and the number of the event that it rests on."""
    tables = enriched(events)
    state = tables["enrichment.incident_states"].to_pylist()[-1]
    supports = [
        row for row in tables["enrichment.state_evidence"].to_pylist() if row["column_name"] == "layer"
    ]
    return state["layer_reason"], int(max(supports, key=lambda row: row["moment"])["event_id"], 16)


def test_the_layer_rests_on_the_event_that_its_reason_tells_of() -> None:
    """Not on the first signal, where something else than it is the reason."""
    relay = event(2, "pagerduty", "alert", 1, name="Page", activity="triggered")
    node = event(3, "kubernetes_events", "lifecycle", 2, name="NodeNotReady", node="node-a")
    memory = event(
        4,
        "kubernetes_events",
        "lifecycle",
        3,
        name="OOMKilling",
        namespace="payments",
        workload="checkout-api",
    )
    limit = metric(5, "memory", 950_000, service_name="checkout-api")
    calls = [span(number, "bank", 900) for number in range(6, 12)]
    other = span(12, "audit", 900)
    assert _layer_support([ALERT, relay]) == ("an alert on the service and nothing else", 1)
    assert _layer_support([ALERT, node]) == ("a node is at fault or taken out of service", 3)
    assert _layer_support([ALERT, memory]) == ("out of a resource", 4)
    assert _layer_support([ALERT, limit]) == ("a limit is reached", 5)
    assert _layer_support([ALERT, *calls, other]) == ("slow or failing calls concentrate on one upstream", 6)
