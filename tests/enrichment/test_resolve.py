"""Events find their catalogue entries, and what is ambiguous finds none."""

from __future__ import annotations

from typing import Any

from .tables import CHECKOUT, entry, event, last_state, last_states_of_cases, states

CART = entry(
    "component:default/cart",
    owner="shop",
    kubernetes_namespace="shop",
    kubernetes_id="cart",
    environment="staging",
)


def falco(**fields: Any) -> dict[str, Any]:
    return event(1, "falco", "detection", name="Terminal shell in container", severity_id=5, **fields)


NAMES: list[tuple[dict[str, Any], str | None]] = [
    ({"service_name": "Checkout-API"}, "checkout-api"),
    ({"namespace": "payments", "workload": "checkout-api"}, "checkout-api"),
    ({"namespace": "payments", "pod": "checkout-api-7d9b6f8f6d-xk2tw"}, "checkout-api"),
    ({"namespace": "payments", "pod": "checkout-api-0"}, "checkout-api"),
    ({"namespace": "payments", "pod": "checkout-api-xk2tw"}, "checkout-api"),
    ({"application": "checkout-api"}, "checkout-api"),
    ({"repository": "acme/checkout-api"}, "checkout-api"),
    ({"namespace": "other", "workload": "checkout-api"}, None),
    ({"namespace": "payments", "pod": "checkout-7d9b6f8f6d-xk2tw"}, None),
    ({}, None),
]


def test_an_event_resolves_by_whatever_name_its_source_uses() -> None:
    """Service name, workload, generated pod name, application and repository lead to the same component."""
    found = last_states_of_cases([falco(**fields)] for fields, _ in NAMES)
    assert [row["service"] for row in found] == [service for _, service in NAMES]


def test_the_service_label_speaks_before_the_pod() -> None:
    """An alert's pod may be its exporter's, so that the service named outright wins."""
    alert = event(
        1,
        "alertmanager",
        "alert",
        name="High",
        activity="firing",
        service_name="checkout-api",
        namespace="shop",
        pod="cart-7d9b6f8f6d-xk2tw",
    )
    assert last_state([alert], entries=[CHECKOUT, CART])["service"] == "checkout-api"


def test_a_cron_jobs_pod_belongs_to_the_cron_job() -> None:
    """Job and pod names made by a CronJob lose their time stamp and suffix."""
    report = entry("component:default/report", kubernetes_namespace="jobs", kubernetes_id="report")
    alert = event(
        1,
        "alertmanager",
        "alert",
        name="JobFailed",
        namespace="jobs",
        workload="report-28391040",
        workload_kind="Job",
    )
    state = last_state([alert], entries=[report])
    assert (state["service"], state["workload"]) == ("report", "report")


def test_a_name_shared_by_two_entries_resolves_to_neither() -> None:
    """Two components of one Argo CD application: the application's name alone names no component."""
    twin = entry("component:default/twin", argocd_app="checkout-api")
    assert last_state([falco(application="checkout-api")], entries=[CHECKOUT, twin])["service"] is None


def test_the_catalogues_environment_comes_before_the_events_own() -> None:
    """A component's environment, else its cluster's, else what the event says."""
    cluster = entry("resource:default/prod-eu1", type="kubernetes-cluster", environment="production")
    bare = entry("component:default/bare", kubernetes_namespace="n", kubernetes_id="bare")
    by_component = last_state([falco(service_name="cart", environment="prod")], entries=[CART])
    by_cluster = last_state([falco(service_name="bare", cluster="prod-eu1")], entries=[bare, cluster])
    by_event = last_state([falco(service_name="bare", environment="stage")], entries=[bare])
    unknown = last_state([falco(service_name="bare", environment="blue")], entries=[bare])
    assert [row["environment"] for row in (by_component, by_cluster, by_event, unknown)] == [
        "staging",
        "production",
        "staging",
        None,
    ]


def test_an_account_gives_the_environment_of_a_cloud_identity() -> None:
    """A principal outside the catalogue is in the environment of its account, and has its account's owner."""
    account = entry(
        "resource:default/prod", type="aws-account", cloud_uid="111", environment="production", owner="cloud"
    )
    call = event(
        1,
        "aws_cloudtrail",
        "api_call",
        name="StopLogging",
        activity="write",
        actor="mallory",
        account_uid="111",
        status="success",
    )
    state = last_state([call], entries=[account])
    assert (state["principal"], state["environment"], state["owner"]) == ("mallory", "production", "cloud")


def test_a_component_without_owner_borrows_none() -> None:
    """Nobody owns the service, whoever owns the account: the owner stays unknown and context incomplete."""
    account = entry("resource:default/prod", type="aws-account", cloud_uid="111", owner="cloud")
    orphan = entry("component:default/orphan", environment="production")
    state = last_state([falco(service_name="orphan", account_uid="111")], entries=[account, orphan])
    assert state["owner"] is None
    assert "owner" in state["missing_context"]


def page(number: int, minute: int = 0, **fields: Any) -> dict[str, Any]:
    return event(
        number,
        "pagerduty",
        "alert",
        minute,
        name="High",
        activity="triggered",
        resource_kind="pagerduty_service",
        **fields,
    )


def test_whom_a_paging_tool_pages_is_not_what_is_affected() -> None:
    """PagerDuty's service bears a component's title and is annotated for two: it names neither."""
    shop = {"pagerduty_service": "PSHOP", "criticality": "customer_facing"}
    front = entry("component:default/storefront", title="Storefront", **shop)
    cart = entry("component:default/cart", **shop)
    alert = event(1, "alertmanager", "alert", name="High", activity="firing", service_name="cart")
    named = page(2, 1, service_name="Storefront", resource="PSHOP")
    beside, alone = last_states_of_cases([[alert, named], [named]], entries=[front, cart])
    assert (beside["service"], beside["service_count"], beside["is_spreading"]) == ("cart", 1, False)
    assert beside["customer_facing_count"] == 1
    assert (alone["service"], alone["service_count"], alone["is_spreading"]) == (None, 0, None)


def test_a_paged_service_that_one_component_is_annotated_with_is_that_component() -> None:
    """The id decides, whatever PagerDuty calls the service."""
    cart = entry("component:default/cart", pagerduty_service="PCART")
    front = entry("component:default/storefront")
    found = last_state([page(1, service_name="storefront", resource="PCART")], entries=[cart, front])
    assert (found["service"], found["service_count"]) == ("cart", 1)


def test_responses_are_never_seen() -> None:
    """What responders did makes no moment, and neither do writes at or after the recorded action."""
    from .tables import MINUTE, START, incident

    events = [
        falco(service_name="checkout-api"),
        event(2, "pagerduty", "response", 5, is_response=True),
        event(3, "argocd", "change", 20, activity="synced", application="checkout-api"),
        event(4, "aws_cloudtrail", "api_call", 20, name="PutBucketPolicy", activity="write"),
        event(5, "aws_cloudtrail", "api_call", 21, name="GetObject", activity="read"),
    ]
    acted = incident(action_taken="roll_back_release", action_taken_at=START + 20 * MINUTE)
    assert [row["sources"] for row in states(events, incidents=[acted])] == [
        ["falco"],
        ["aws_cloudtrail", "falco"],
    ]
