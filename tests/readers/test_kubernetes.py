"""Kubernetes audit events and Events."""

from __future__ import annotations

from typing import Any

import pytest

from evidence.readers.kubernetes_names import workload_of_pod

from .reading import events_of, gaps_of, picked, reading_of, refusals_of, without
from .samples import AUDIT, KUBERNETES_EVENT


def test_an_audit_event_is_an_api_call() -> None:
    """Verb and resource name it; only the last address is the API server's own observation."""
    (event,) = events_of(AUDIT)
    keys = (
        "kind",
        "class_uid",
        "name",
        "activity",
        "actor",
        "actor_kind",
        "src_ip",
        "pod",
        "workload",
        "status",
    )
    assert picked(event, *keys) == {
        "kind": "api_call",
        "class_uid": 6003,
        "name": "create pods/exec",
        "activity": "create",
        "actor": "contractor-7@example.com",
        "actor_kind": "human",
        "src_ip": "192.0.2.61",
        "pod": "checkout-api-7d9b6f8f6d-xk2tw",
        "workload": "checkout-api",
        "status": "101",
    }


@pytest.mark.parametrize(
    ("user", "kind"),
    [
        ("system:serviceaccount:argocd:controller", "workload"),
        ("system:serviceaccount:kube-system:replicaset-controller", "system"),
        ("system:node:node-1", "system"),
        ("system:anonymous", "human"),
        ("ann@example.com", "human"),
    ],
)
def test_the_kind_of_a_user(user: str, kind: str) -> None:
    """By the prefixes that Kubernetes itself gives."""
    (event,) = events_of({**AUDIT, "user": {"username": user}})
    assert event["actor_kind"] == kind


def test_stages_of_a_request_are_different_records() -> None:
    """The identity is the request and its stage."""
    other = reading_of({**AUDIT, "stage": "ResponseComplete"}).records[0].identity
    assert other != reading_of(AUDIT).records[0].identity


def test_an_approval_label_is_seen() -> None:
    """On the object that the request carries."""
    labelled = {"metadata": {"labels": {"approved-by": "ann"}}}
    events = [
        *events_of({**AUDIT, "requestObject": labelled}),
        *events_of({**AUDIT, "requestObject": {"metadata": {"name": "x"}}}),
    ]
    assert [event["has_approval_artifact"] for event in [*events, *events_of(AUDIT)]] == [True, False, None]


CONTROLLER = (
    "kube-controller-manager/v1.33.2 (linux/amd64) kubernetes/a57b6f7/system:serviceaccount:kube-system:"
)


@pytest.mark.parametrize(
    ("change", "subjects"),
    [
        ({"sourceIPs": ["192.0.2.61"], "userAgent": "kubectl/v1.33.2 (linux/amd64)"}, []),
        ({"sourceIPs": ["203.0.113.9", "192.0.2.61"]}, ["sourceIPs"]),
        ({"sourceIPs": []}, []),
        ({"userAgent": f"{CONTROLLER}job-controller"}, ["userAgent"]),
        (
            {
                "userAgent": f"{CONTROLLER}job-controller",
                "user": {"username": "system:serviceaccount:kube-system:job-controller"},
            },
            [],
        ),
        (
            {"userAgent": f"{CONTROLLER}cronjob", "user": {"username": "system:kube-controller-manager"}},
            [],
        ),
    ],
)
def test_who_a_client_alone_says_it_is_is_a_gap(change: dict[str, Any], subjects: list[str]) -> None:
    """An origin or an identity that nothing the API server saw confirms; a name of software is none."""
    gaps = gaps_of({**AUDIT, "sourceIPs": ["192.0.2.61"], **change})
    assert [("client_reported_field", subject) for subject in subjects] == [
        (gap.gap, gap.subject) for gap in gaps
    ]


def test_an_impersonated_user_acted_and_the_caller_vouches_for_it() -> None:
    """The API server does what that user may; who stands behind it the gap names."""
    proxied = {
        **AUDIT,
        "user": {"username": "system:serviceaccount:cattle-system:rancher"},
        "impersonatedUser": {"username": "jonas.weber", "groups": ["system:authenticated"]},
        "sourceIPs": ["192.0.2.61"],
    }
    (event,) = events_of(proxied)
    assert ("jonas.weber", "human") == (event["actor"], event["actor_kind"])
    (gap,) = gaps_of(proxied)
    assert ("client_reported_field", "impersonatedUser", "/impersonatedUser/username") == (
        gap.gap,
        gap.subject,
        gap.pointer,
    )
    assert gap.detail.startswith("system:serviceaccount:cattle-system:rancher acted as jonas.weber")
    assert [] == gaps_of({**proxied, "user": proxied["impersonatedUser"]})
    assert [("field_invalid", "/impersonatedUser")] == refusals_of({**AUDIT, "impersonatedUser": "x"})


@pytest.mark.parametrize("kind", ["EventList", "List"])
def test_lists_of_audit_events_are_read(kind: str) -> None:
    """As a webhook backend posts them."""
    assert len(events_of({"kind": kind, "apiVersion": "audit.k8s.io/v1", "items": [AUDIT, AUDIT]})) == 2


@pytest.mark.parametrize(
    ("record", "refusal"),
    [
        (without(AUDIT, "verb"), ("field_missing", "/verb")),
        (without(AUDIT, "user"), ("field_missing", "/user")),
        ({**AUDIT, "requestReceivedTimestamp": "x"}, ("time_invalid", "/requestReceivedTimestamp")),
        ({**AUDIT, "sourceIPs": [1]}, ("field_invalid", "/sourceIPs/0")),
        ({**AUDIT, "responseStatus": {"code": "200"}}, ("field_invalid", "/responseStatus/code")),
    ],
)
def test_what_can_be_wrong_with_an_audit_event(record: dict[str, Any], refusal: tuple[str, str]) -> None:
    """Each fault is named with its pointer."""
    assert refusals_of(record) == [refusal]


def test_a_counted_event_states_two_moments() -> None:
    """The last occurrence was not known at the first."""
    events = events_of(KUBERNETES_EVENT)
    assert [(event["pointer"], event["event_time_text"]) for event in events] == [
        ("/firstTimestamp", "2026-03-13T15:00:00Z"),
        ("/lastTimestamp", "2026-03-13T15:20:00Z"),
    ]
    assert picked(events[0], "kind", "name", "severity_id", "pod", "workload", "node") == {
        "kind": "lifecycle",
        "name": "BackOff",
        "severity_id": 3,
        "pod": "orders-worker-7b5c9f6d84-s8rcr",
        "workload": "orders-worker",
        "node": "node-3",
    }


def test_both_apis_say_the_same() -> None:
    """events.k8s.io calls the object regarding, the message note and the last time a series."""
    newer = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"uid": "b794043d", "resourceVersion": "48216307"},
        "regarding": KUBERNETES_EVENT["involvedObject"],
        "reason": "BackOff",
        "note": KUBERNETES_EVENT["message"],
        "type": "Warning",
        "eventTime": "2026-03-13T15:00:00.000000Z",
        "series": {"count": 12, "lastObservedTime": "2026-03-13T15:20:00.000000Z"},
        "deprecatedSource": {"host": "node-3"},
    }
    keys = ("name", "message", "event_time", "pod", "node", "severity_id")
    assert [picked(event, *keys) for event in events_of(newer)] == [
        picked(event, *keys) for event in events_of(KUBERNETES_EVENT)
    ]


def test_a_paged_list_is_a_gap() -> None:
    """The API server says that it holds further items."""
    body = {"apiVersion": "v1", "kind": "List", "metadata": {"continue": "eyJ2"}, "items": [KUBERNETES_EVENT]}
    assert [gap.gap for gap in gaps_of(body)] == ["more_available"]


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"firstTimestamp": None, "lastTimestamp": None}, ("field_missing", "/eventTime")),
        ({"lastTimestamp": "2026-13-01T00:00:00Z"}, ("time_invalid", "/lastTimestamp")),
        ({"involvedObject": {"kind": "Pod"}}, ("field_missing", "/involvedObject/name")),
        ({"reason": 7}, ("field_invalid", "/reason")),
    ],
)
def test_what_can_be_wrong_with_an_event(change: dict[str, Any], refusal: tuple[str, str]) -> None:
    """Each fault is named with its pointer."""
    assert refusals_of({**KUBERNETES_EVENT, **change}) == [refusal]


@pytest.mark.parametrize(
    ("pod", "workload"),
    [
        ("checkout-api-7d9b6f8f6d-xk2tw", "checkout-api"),
        ("inventory-58f7c9d6b5-c2gvz", "inventory"),
        ("payments-ledger-0", None),
        ("node-exporter-sxdpf", None),
        ("my-release-candidate-final", None),
        (None, None),
    ],
)
def test_a_generated_pod_name_tells_its_deployment(pod: str | None, workload: str | None) -> None:
    """Only Kubernetes' own alphabet and lengths count; a name that a person chose tells nothing."""
    assert workload_of_pod(pod) == workload
