"""States of incidents that are about a node: its own columns, and what its state rests on."""

from __future__ import annotations

from typing import Any

from .tables import enriched, entry, event, states


def test_a_node_is_stateful_when_any_workload_on_it_is() -> None:
    """Three-valued: stateless, then unknown, then stateful; daemon sets do not count."""
    cart = entry("component:default/cart", is_stateful=False)
    ledger = entry("component:default/ledger", is_stateful=True)
    bare = entry("component:default/bare")

    def on_node(number: int, **fields: Any) -> dict[str, Any]:
        return event(number, "kubernetes_events", "lifecycle", number, name="Pulled", node="n1", **fields)

    events = [
        event(1, "alertmanager", "alert", 1, name="NodeRunsFlaggedImage", node="n1"),
        on_node(2, service_name="cart"),
        on_node(3, workload="agent", workload_kind="DaemonSet", namespace="x"),
        on_node(4, service_name="bare"),
        on_node(5, service_name="ledger"),
    ]
    rows = states(events, entries=[cart, ledger, bare])
    assert [row["is_stateful"] for row in rows] == [None, False, False, None, True]
    assert (rows[-1]["is_about_node"], rows[-1]["node"], rows[-1]["layer"]) == (True, "n1", "infrastructure")


def test_a_node_keeps_the_kind_of_its_workload_apart_from_its_own() -> None:
    """The kind is the workload's; whether the incident is about the node is another column."""
    named = event(
        1, "falco", "detection", name="Shell", namespace="n", workload="w", workload_kind="Deployment"
    )
    flagged = event(2, "opa", "policy", 1, name="image-policy-violated", activity="denied", node="n1")
    rows = states([event(9, "loki", "log", -1), named, flagged])
    assert [(row["workload"], row["workload_kind"], row["is_about_node"]) for row in rows] == [
        (None, None, None),
        ("w", "Deployment", False),
        ("w", "Deployment", True),
    ]


def test_a_node_s_state_rests_on_the_workload_that_keeps_it() -> None:
    """The event that names the stateful workload supports it, not the entry of the affected service."""
    cart = entry("component:default/cart", is_stateful=False)
    ledger = entry("component:default/ledger", is_stateful=True)
    alert = event(
        1, "alertmanager", "alert", 0, name="NodeRunsFlaggedImage", node="n1", resource_kind="Node",
        service_name="cart",
    )  # fmt: skip
    on_node = event(2, "kubernetes_events", "lifecycle", 1, name="Pulled", node="n1", service_name="ledger")
    tables = enriched([alert, on_node], entries=[cart, ledger])
    support = [
        (row["moment"], row["event_id"], row["entity_ref"])
        for row in tables["enrichment.state_evidence"].to_pylist()
        if row["column_name"] == "is_stateful"
    ]
    assert support == [(2, on_node["event_id"], None)]


def test_a_node_is_not_called_stateless_without_the_clusters_own_events() -> None:
    """An alert that names one stateless workload of the node says nothing of the others."""
    cart = entry("component:default/cart", is_stateful=False)
    alert = event(
        1, "alertmanager", "alert", 0, name="NodeRunsFlaggedImage", node="n1", resource_kind="Node",
        service_name="cart",
    )  # fmt: skip
    listed = event(2, "kubernetes_events", "lifecycle", 1, name="Pulled", node="n1", service_name="cart")
    rows = states([alert, listed], entries=[cart])
    assert [row["is_stateful"] for row in rows] == [None, False]
