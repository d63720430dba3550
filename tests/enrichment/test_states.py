"""States: where, how far it reaches, what telemetry shows and how far it can be trusted."""

from __future__ import annotations

from typing import Any

from .tables import (
    CHECKOUT,
    START,
    enriched,
    entry,
    event,
    incident,
    last_state,
    last_states_of_cases,
    states,
)

ALERT = event(1, "alertmanager", "alert", 0, name="High", activity="firing", service_name="checkout-api")


def metric(number: int, measure: str, value: int, unit: str = "ppm", **fields: Any) -> dict[str, Any]:
    given = {"measure": measure, "measure_value": value, "measure_unit": unit, **fields}
    return event(number, "prometheus", "metric", number, **given)


def span(
    number: int, upstream: str, duration_ms: int, is_error: bool = False, **fields: Any
) -> dict[str, Any]:
    given = {"service_name": "checkout-api", "upstream": upstream, "duration_ms": duration_ms, **fields}
    return event(number, "tempo", "trace", 1, is_error=is_error, **given)


def test_there_is_one_row_per_moment_and_ties_are_one_moment() -> None:
    """Events that arrive together are in one row; the moments are numbered from 1."""
    tied = event(2, "falco", "detection", 0, name="Shell")
    later = event(3, "loki", "log", 1)
    rows = states([ALERT, tied, later])
    assert [(row["moment"], row["signal_names"]) for row in rows] == [
        (1, ["High", "Shell"]),
        (2, ["High", "Shell"]),
    ]


def test_an_incident_without_evidence_still_has_a_state() -> None:
    """It is known to be empty when its window ends; every column that is not counted is unknown."""
    silent = incident("inc-2")
    rows = states([ALERT], incidents=[incident(), silent])
    empty = [row for row in rows if row["incident_id"] == "inc-2"]
    assert [row["known_at"] for row in empty] == [silent["window_end"]]
    assert (empty[0]["source_count"], empty[0]["service"], empty[0]["is_spreading"]) == (0, None, None)


def test_the_service_is_what_the_first_resolvable_signal_names() -> None:
    """An unknown name comes first, then two known ones: the first known one stays."""
    cart = entry("component:default/cart")
    events = [
        event(1, "falco", "detection", 0, name="Shell", service_name="mystery"),
        event(2, "alertmanager", "alert", 1, name="High", service_name="cart"),
        event(3, "alertmanager", "alert", 2, name="High", service_name="checkout-api"),
    ]
    rows = states(events, entries=[CHECKOUT, cart])
    assert [row["service"] for row in rows] == [None, "cart", "cart"]
    assert [row["service_count"] for row in rows] == [1, 1, 2]
    assert [row["is_spreading"] for row in rows] == [False, False, True]


def test_what_is_outside_the_catalogue_does_not_spread_an_incident() -> None:
    """A finding about an unknown pod on another node is not tied to the affected service."""
    known = event(1, "falco", "detection", 0, name="Shell", service_name="checkout-api", pod="a", node="n1")
    stray = event(
        2, "falco", "detection", 1, name="Read", namespace="monitoring", workload="x", pod="b", node="n2"
    )
    state = last_state([known, stray])
    assert (state["service_count"], state["pod_count"], state["node_count"]) == (1, 1, 1)
    assert state["is_spreading"] is False


def test_pods_spread_when_they_are_on_several_nodes() -> None:
    """Two pods on one node are isolated, on two nodes spreading; healthy pods' logs do not count."""

    def hit(number: int, pod: str, node: str) -> dict[str, Any]:
        return event(
            number,
            "falco",
            "detection",
            number,
            name="Shell",
            namespace="n",
            workload="w",
            pod=pod,
            node=node,
        )

    log = event(9, "loki", "log", 0, namespace="n", pod="c", node="n3")
    rows = states([log, hit(1, "a", "n1"), hit(2, "b", "n1"), hit(3, "c", "n2")])
    assert [(row["pod_count"], row["node_count"]) for row in rows] == [(0, 0), (1, 1), (2, 1), (3, 2)]
    assert [row["is_spreading"] for row in rows] == [None, False, False, True]


def test_blast_radius_follows_dependencies_backwards_and_survives_cycles() -> None:
    """Who depends on the affected service, directly or not, a cycle included."""
    entries = [
        CHECKOUT,
        entry("component:default/web", criticality="customer_facing"),
        entry("component:default/app", criticality="internal"),
        entry("component:default/db", criticality="internal"),
        entry("resource:default/key", type="credential"),
    ]
    edges = [
        ("component:default/web", "component:default/checkout-api"),
        ("component:default/app", "component:default/web"),
        ("component:default/checkout-api", "component:default/app"),
        ("component:default/checkout-api", "component:default/db"),
        ("component:default/checkout-api", "resource:default/key"),
    ]
    tables = enriched([ALERT], entries=entries, dependencies=edges)
    state = tables["enrichment.incident_context"].to_pylist()[0]
    assert (state["blast_radius"], state["customer_facing_count"]) == (2, 2)
    rows = tables["enrichment.blast_radius"].to_pylist()
    assert [(row["service"], row["hops"], row["via"]) for row in rows] == [
        ("app", 2, "checkout-api"),
        ("checkout-api", 0, None),
        ("web", 1, "checkout-api"),
    ]


def test_a_dependant_that_is_hit_itself_leaves_the_blast_radius() -> None:
    """It becomes affected; the radius counts the others."""
    web = entry("component:default/web", criticality="customer_facing")
    hit = event(2, "alertmanager", "alert", 1, name="Web", service_name="web")
    edges = [("component:default/web", "component:default/checkout-api")]
    rows = states([ALERT, hit], entries=[CHECKOUT, web], dependencies=edges)
    assert [row["blast_radius"] for row in rows] == [1, 0]
    assert [row["customer_facing_count"] for row in rows] == [2, 2]


def test_outside_the_catalogue_the_reach_is_unknown() -> None:
    """Nobody knows who depends on an unknown service: NULL, never 0."""
    state = last_state([ALERT], entries=[])
    assert (state["blast_radius"], state["customer_facing_count"]) == (None, None)
    assert state["impact"] == 40 + 30 + 5 * 4


def test_telemetry_is_the_highest_of_the_affected_service_so_far() -> None:
    """Another service's metric does not count, a falling one does not lower it, an unlabelled one counts."""
    events = [
        ALERT,
        metric(2, "error_rate", 70_000, service_name="checkout-api"),
        metric(3, "error_rate", 20_000, service_name="checkout-api"),
        metric(4, "error_rate", 990_000, service_name="cart"),
        metric(5, "latency", 900, "ms"),
        metric(6, "memory", 950_000, service_name="checkout-api"),
    ]
    rows = states(events)
    assert [row["error_rate_ppm"] for row in rows] == [None, 70_000, 70_000, 70_000, 70_000, 70_000]
    assert [row["is_error_rate_over_policy"] for row in rows[:2]] == [None, True]
    assert (rows[-1]["latency_ms"], rows[-1]["resource_pressure_ppm"]) == (900, 950_000)


def test_an_unlabelled_metric_counts_from_the_first_signal_and_not_from_a_later_service() -> None:
    """A signal that names no service is enough; one that does comes later and changes nothing before it."""
    unlabelled = metric(2, "error_rate", 70_000)
    stray = event(3, "falco", "detection", 3, name="Shell")
    named = event(4, "alertmanager", "alert", 4, name="High", service_name="checkout-api")
    assert [row["error_rate_ppm"] for row in states([unlabelled, stray, named])] == [None, 70_000, 70_000]


def test_telemetry_before_the_first_signal_counts_from_it() -> None:
    """Nobody knows whose metric matters before a signal names the service."""
    before = metric(2, "error_rate", 70_000, service_name="checkout-api")
    alert = event(3, "alertmanager", "alert", 3, name="High", service_name="checkout-api")
    assert [row["error_rate_ppm"] for row in states([before, alert])] == [None, 70_000]


CALLS: list[tuple[list[dict[str, Any]], str | None]] = [
    ([span(i, "ledger", 900) for i in range(10, 15)], "ledger"),
    ([span(i, "ledger", 900) for i in range(10, 14)], None),
    ([span(i, "ledger", 100, is_error=True) for i in range(10, 15)], "ledger"),
    ([span(i, "ledger", 499) for i in range(10, 20)], None),
    ([span(i, "ledger" if i % 2 else "cart", 900) for i in range(10, 20)], None),
]


def test_a_dependency_is_hot_when_slow_or_failing_calls_concentrate_on_it() -> None:
    """At least five, and sixty in a hundred of all such calls, slow being half a second."""
    found = last_states_of_cases([ALERT, *spans] for spans, _ in CALLS)
    assert [row["hot_dependency"] for row in found] == [hot for _, hot in CALLS]
    assert [row["is_dependency_hot"] for row in found] == [hot is not None for _, hot in CALLS]


def test_a_dependency_is_not_hot_before_anybody_knows_of_an_incident() -> None:
    """Slow calls that arrive before the first signal count from it."""
    late = event(30, "alertmanager", "alert", 5, name="High", service_name="checkout-api")
    rows = states([*(span(i, "ledger", 900) for i in range(10, 15)), late])
    assert [row["hot_dependency"] for row in rows] == [None, "ledger"]


def test_without_calls_in_evidence_no_dependency_is_known_to_be_cool() -> None:
    """is_dependency_hot is unknown where no trace names an upstream."""
    assert last_state([ALERT])["is_dependency_hot"] is None
    assert last_state([ALERT])["impacted_route_count"] is None


def test_impacted_routes_are_those_with_errors() -> None:
    """Distinct failing routes of the affected service; zero is known once any route was seen."""
    fine = event(2, "loki", "log", 1, service_name="checkout-api", route="/pay", is_error=False)
    failing = [
        event(i, "loki", "log", i, service_name="checkout-api", route=route, is_error=True)
        for i, route in ((3, "/pay"), (4, "/cart"), (5, "/pay"))
    ]
    rows = states([ALERT, fine, *failing])
    assert [row["impacted_route_count"] for row in rows] == [None, 0, 1, 2, 2]


def test_an_exposure_is_over_when_it_is_closed() -> None:
    """Opened by policy, still open after the access list is set, over after the block."""

    def call(number: int, name: str, exposes: bool) -> dict[str, Any]:
        return event(
            number,
            "aws_cloudtrail",
            "api_call",
            number,
            name=name,
            resource="assets",
            is_public_exposure=exposes,
            status="success",
            activity="write",
        )

    rows = states(
        [
            call(1, "PutBucketPolicy", True),
            call(2, "PutBucketAcl", False),
            call(3, "PutPublicAccessBlock", False),
        ]
    )
    assert [row["is_public_exposure"] for row in rows] == [True, True, False]
    assert last_state([ALERT])["is_public_exposure"] is None


def test_identity_columns_come_from_the_signals_and_the_catalogue() -> None:
    """Actor, credential, second factor, consumers and emergency access of the first cloud signal."""
    entries = [
        entry("user:default/mara", cloud_uid="mara", known_networks="192.0.2.0/24", is_emergency_access=True),
        entry("resource:default/key", type="credential", cloud_uid="AKIA1", are_consumers_tested=True),
        CHECKOUT,
    ]
    call = event(
        1,
        "aws_cloudtrail",
        "api_call",
        name="ConsoleLogin",
        status="Success",
        is_mfa=False,
        actor="mara",
        actor_kind="human",
        account_uid="1",
        src_ip="203.0.113.1",
        credential_uid="AKIA1",
        credential_kind="long_lived",
    )
    state = last_state(
        [call], entries=entries, dependencies=[("component:default/checkout-api", "resource:default/key")]
    )
    assert {name: state[name] for name in ("principal", "actor", "actor_kind", "credential_kind")} == {
        "principal": "mara",
        "actor": "mara",
        "actor_kind": "human",
        "credential_kind": "long_lived",
    }
    assert (state["is_mfa"], state["is_source_network_new"], state["is_emergency_access"]) == (
        False,
        True,
        True,
    )
    assert (state["consumer_count"], state["are_consumers_tested"], state["blast_radius"]) == (1, True, 1)


def test_whoever_runs_exec_is_an_actor_but_not_the_subject() -> None:
    """A cluster user is not a cloud principal: the incident stays about the workload."""
    call = event(1, "kubernetes_audit", "api_call", name="create pods/exec", actor="jonas", activity="create")
    state = last_state([call])
    assert (state["actor"], state["principal"]) == ("jonas", None)


def test_contradictions_come_from_a_closed_list() -> None:
    """Two environments, a revision unknown to the history, an alert beside a calm metric: one each."""
    alert = event(
        1,
        "alertmanager",
        "alert",
        name="HighErrorRate",
        activity="firing",
        service_name="checkout-api",
        environment="staging",
    )
    envelope = event(
        2, "event_envelope", "detection", 1, name="x", revision="git-sha-abc1234", service_name="checkout-api"
    )
    sync = event(
        3, "argocd", "change", -9000, activity="synced", application="checkout-api", revision="def5678"
    )
    calm = metric(4, "error_rate", 9_999, service_name="checkout-api")
    loud = metric(5, "error_rate", 10_000, service_name="checkout-api")
    rows = states([sync, alert, envelope, calm, loud])
    assert [row["contradiction_count"] for row in rows] == [0, 1, 2, 3, 2]
    known = {**sync, "revision": "abc1234ffff"}
    assert last_state([known, envelope, ALERT])["contradiction_count"] == 0
    chart = {**sync, "source": "flux", "revision": "api.v3 with chart api@6.1.0"}
    assert last_state([chart, envelope, ALERT])["contradiction_count"] == 0


def test_the_layer_follows_a_documented_precedence() -> None:
    """A finding before a change before a hot dependency before a mere alert."""
    sync = event(2, "argocd", "change", -5, activity="synced", application="checkout-api", revision="r")
    hot = [span(i, "ledger", 900) for i in range(10, 15)]
    shell = event(3, "falco", "detection", 1, name="Shell")
    assert last_state([ALERT])["layer"] == "app"
    assert last_state([ALERT, *hot])["layer"] == "dependency"
    assert last_state([ALERT, *hot, sync])["layer"] == "app"
    assert last_state([ALERT, *hot, sync, shell])["layer"] == "security"
    full = metric(2, "cpu", 990_000, service_name="checkout-api")
    assert last_state([ALERT, full])["layer"] == "infrastructure"


def test_gaps_count_from_their_own_time() -> None:
    """A gap lowers confidence from the first moment at or after it, not before."""
    gap = {
        "incident_id": "inc-1",
        "source": "loki",
        "gap": "entries_equal_limit",
        "subject": "x",
        "detail": "d",
        "known_at": START + 30 * 1_000_000_000,
        "gap_count": 500,
    }
    rows = states([ALERT, event(2, "loki", "log", 1)], gaps=[gap])
    assert [(row["gap_count"], row["confidence"]) for row in rows] == [(0, 50), (1, 45)]


def test_every_supported_value_names_an_event_or_an_entry() -> None:
    """Support is an event or a catalogue entry, never both, and only where the column has a value."""
    tables = enriched([ALERT, metric(2, "error_rate", 70_000), metric(3, "error_rate", 80_000)])
    rows = tables["enrichment.state_evidence"].to_pylist()
    assert all((row["event_id"] is None) != (row["entity_ref"] is None) for row in rows)
    by_column = {(row["column_name"], row["moment"]): row["event_id"] or row["entity_ref"] for row in rows}
    assert by_column["error_rate_ppm", 2] == f"{2:032x}"
    assert by_column["error_rate_ppm", 3] == f"{3:032x}"
    assert by_column["owner", 1] == "component:default/checkout-api"
    assert ("hot_dependency", 1) not in by_column
