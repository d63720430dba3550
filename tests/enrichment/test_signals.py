"""Signals: what tools report and what the watch list reads out of calls."""

from __future__ import annotations

from typing import Any

from .tables import CHECKOUT, enriched, entry, event, last_state, last_states_of_cases, states

ALICE = entry("user:default/alice", cloud_uid="alice", known_networks="192.0.2.0/24,2001:db8::/32")
BUCKET = entry(
    "resource:default/exports",
    type="s3-bucket",
    cloud_uid="customer-exports",
    handles_customer_data=True,
    owner="data",
)


def call(number: int = 1, minute: int = 0, **fields: Any) -> dict[str, Any]:
    return event(
        number,
        "aws_cloudtrail",
        "api_call",
        minute,
        **{
            "activity": "write",
            "actor": "alice",
            "actor_kind": "human",
            "account_uid": "111",
            "status": "success",
            **fields,
        },
    )


def signal_names(events: list[dict[str, Any]], **rest: Any) -> list[str]:
    return [row["signal_name"] for row in enriched(events, **rest)["enrichment.signals"].to_pylist()]


CALLS: list[tuple[dict[str, Any], list[str]]] = [
    ({"name": "PutBucketPolicy", "is_public_exposure": True}, ["public-exposure-opened"]),
    ({"name": "PutBucketPolicy", "is_public_exposure": True, "status": "AccessDenied"}, []),
    ({"name": "ConsoleLogin", "is_mfa": False}, ["console-login-without-mfa"]),
    ({"name": "ConsoleLogin", "is_mfa": True}, []),
    ({"name": "ConsoleLogin"}, []),
    ({"name": "ConsoleLogin", "is_mfa": False, "status": "Failure"}, []),
    ({"name": "CreateAccessKey", "resource": "bob"}, ["access-key-created-for-other"]),
    ({"name": "CreateAccessKey", "resource": "alice"}, []),
    ({"name": "CreateAccessKey"}, []),
    ({"name": "StopLogging"}, ["logging-disabled"]),
    ({"name": "DescribeTrails", "src_ip": "203.0.113.9"}, ["credential-used-from-new-network"]),
    ({"name": "DescribeTrails", "src_ip": "192.0.2.255"}, []),
    ({"name": "DescribeTrails", "src_ip": "ec2.amazonaws.com"}, []),
    ({"name": "DescribeTrails", "src_ip": "2001:db8::1"}, []),
    ({"name": "DescribeTrails", "src_ip": "203.0.113.999"}, []),
    ({"name": "DescribeTrails", "src_ip": "203.0.113.9", "actor": "nobody-known"}, []),
]


def test_the_watch_list_reads_cloud_calls() -> None:
    """A watched call that went through is a signal; a failed, unknown or ordinary one is none."""
    found = last_states_of_cases(([call(**fields)] for fields, _ in CALLS), entries=[ALICE])
    assert [row["signal_names"] for row in found] == [names for _, names in CALLS]


def test_the_network_of_the_credential_comes_before_the_identitys() -> None:
    """The most specific entry that declares its networks decides whether an address is new."""
    key = entry("resource:default/key", type="credential", cloud_uid="AKIA1", known_networks="203.0.113.0/24")
    known = call(name="ListKeys", src_ip="203.0.113.9", credential_uid="AKIA1")
    assert (
        last_state([known], entries=[ALICE, key])["is_source_network_new"] is None
    )  # no signal, no principal
    assert signal_names([known], entries=[ALICE, key]) == []


def test_a_network_that_cannot_be_read_gives_no_verdict() -> None:
    """A malformed network leaves an address outside the others unknown, and one inside them known."""
    odd = entry("user:default/alice", cloud_uid="alice", known_networks="192.0.2.0/24, 10.0.0.0/99")
    away = call(name="ConsoleLogin", is_mfa=False, src_ip="203.0.113.9")
    home = call(name="ConsoleLogin", is_mfa=False, src_ip="192.0.2.9")
    assert last_state([away], entries=[odd])["is_source_network_new"] is None
    assert last_state([home], entries=[odd])["is_source_network_new"] is False


def test_a_bulk_read_is_one_signal_at_the_moment_it_reaches_the_count() -> None:
    """Nine reads of a marked bucket are none, the tenth is the signal, the eleventh adds nothing."""
    reads = [
        call(i, i, name="GetObject", activity="read", resource=f"arn:aws:s3:::customer-exports/{i}")
        for i in range(1, 12)
    ]
    rows = states(reads, entries=[BUCKET])
    assert [row["signal_names"] for row in rows[8:11]] == [
        [],
        ["bulk-read-of-customer-data"],
        ["bulk-read-of-customer-data"],
    ]
    assert signal_names(reads, entries=[BUCKET]) == ["bulk-read-of-customer-data"]
    assert (rows[10]["is_customer_data_touched"], rows[10]["owner"]) == (True, "data")


def test_reads_of_an_unmarked_bucket_are_no_signal() -> None:
    """Only buckets that the catalogue marks for customer data are watched."""
    plain = entry("resource:default/exports", type="s3-bucket", cloud_uid="customer-exports")
    reads = [call(i, i, name="GetObject", resource="customer-exports") for i in range(1, 12)]
    assert signal_names(reads, entries=[plain]) == []


def test_exec_and_denials_are_watched_in_kubernetes() -> None:
    """An exec, a refused NetworkPolicy and a flagged image go by the watch list's names."""
    events = [
        event(1, "kubernetes_audit", "api_call", name="create pods/exec", activity="create", status="101"),
        event(2, "opa", "policy", activity="denied", name="incidentresponse", resource_kind="NetworkPolicy"),
        event(3, "opa", "policy", activity="denied", name="images", is_image_flagged=True),
        event(4, "opa", "policy", activity="denied", name="quota", resource_kind="Pod"),
        event(5, "opa", "policy", activity="allowed", name="quota", resource_kind="Pod"),
        event(6, "kubernetes_audit", "api_call", name="create pods/exec", activity="create", status="403"),
    ]
    assert sorted(signal_names(events)) == [
        "exec-into-pod",
        "image-policy-violated",
        "network-policy-denied",
        "quota",
    ]
    state = last_state(events)
    assert (state["is_policy_denied"], state["is_image_flagged"], state["severity_opa"]) == (True, True, 4)


def test_relays_corroborate_nothing() -> None:
    """PagerDuty beside Alertmanager is heard, but is not a second independent source."""
    alert = event(1, "alertmanager", "alert", name="High", activity="firing", severity_id=4)
    page = event(2, "pagerduty", "alert", 1, name="High", activity="triggered", severity_id=4)
    falco = event(3, "falco", "detection", 2, name="Shell", severity_id=5)
    rows = states([alert, page, falco])
    assert [(row["signal_source_count"], row["signal_sources"]) for row in rows] == [
        (1, ["alertmanager"]),
        (1, ["alertmanager", "pagerduty"]),
        (2, ["alertmanager", "falco", "pagerduty"]),
    ]
    assert [row["signal_count"] for row in rows] == [1, 1, 2]
    alone = last_state([page])
    assert (alone["signal_source_count"], alone["signal_count"]) == (1, 1)


def test_an_alert_that_flaps_is_cleared_only_while_it_is() -> None:
    """Fire, clear, fire, clear; a relay that never clears does not keep it open."""
    rows = states(
        [
            event(1, "alertmanager", "alert", 0, name="High", activity="firing"),
            event(2, "pagerduty", "alert", 1, name="High", activity="triggered"),
            event(3, "alertmanager", "alert", 2, name="High", activity="resolved"),
            event(4, "alertmanager", "alert", 3, name="High", activity="firing"),
            event(5, "alertmanager", "alert", 4, name="High", activity="resolved"),
        ]
    )
    assert [row["is_signal_cleared"] for row in rows] == [False, False, True, False, True]


def test_a_late_report_of_an_older_firing_opens_nothing() -> None:
    """What is already known to be over stays over when an earlier statement arrives later."""
    late = event(1, "alertmanager", "alert", 0, name="High", activity="firing")
    over = event(2, "alertmanager", "alert", 5, name="High", activity="resolved")
    late["known_at"] = over["known_at"] + 1
    assert [row["is_signal_cleared"] for row in states([late, over])] == [True, True]


def test_a_detection_is_never_over_by_itself() -> None:
    """A cleared alert beside a Falco finding does not clear the incident."""
    events = [
        event(1, "falco", "detection", 0, name="Shell"),
        event(2, "alertmanager", "alert", 1, name="High", activity="firing"),
        event(3, "alertmanager", "alert", 2, name="High", activity="resolved"),
    ]
    assert last_state(events)["is_signal_cleared"] is False


def test_severity_is_kept_per_source_and_only_findings_have_a_level() -> None:
    """An alert's severity says how bad it is, not how sure: detection_level skips it."""
    events = [
        event(1, "alertmanager", "alert", 0, name="High", severity_id=5, activity="firing"),
        event(2, "falco", "detection", 1, name="Shell", severity_id=3, service_name="checkout-api"),
    ]
    state = last_state(events, entries=[CHECKOUT])
    assert (state["severity_alertmanager"], state["severity_falco"], state["detection_level"]) == (5, 3, 3)
    assert state["severity_pagerduty"] is None


def test_a_workloads_credential_belongs_inside_the_cloud_unless_it_is_a_pipelines() -> None:
    """An instance's credential from a new network is watched; a pipeline's is only new."""
    role = entry(
        "resource:default/node-role", type="credential", cloud_uid="node", known_networks="192.0.2.0/24"
    )
    pipeline = entry("component:default/ci", type="pipeline")
    outside = call(
        name="ListBuckets",
        actor="node",
        actor_kind="workload",
        credential_kind="temporary",
        src_ip="203.0.113.9",
    )
    new = "credential-used-from-new-network"
    assert signal_names([outside], entries=[role]) == [new, "instance-credential-outside-cloud"]
    assert signal_names(
        [outside],
        entries=[role, pipeline],
        dependencies=[("component:default/ci", "resource:default/node-role")],
    ) == [new]


def test_who_asked_for_what_was_denied_is_not_the_actor() -> None:
    """The requester in a policy decision is not who the incident is about."""
    denied = event(1, "opa", "policy", activity="denied", name="p", actor="automation")
    assert last_state([denied])["actor"] is None
