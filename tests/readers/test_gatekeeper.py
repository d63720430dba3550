"""Gatekeeper: constraints with violations, log lines of audit and admission."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .reading import events_of, gaps_of, picked, refusals_of, without
from .samples import KUBERNETES_EVENT, document, lines

LIST = document("gatekeeper-constraints.json")
CONSTRAINT = LIST["items"][0]
LOG = lines("gatekeeper-audit.jsonl")
AUDITED, REFUSED = LOG[1], LOG[4]


def test_a_violation_is_a_policy_event_of_the_audits_time() -> None:
    """Every row of the status, with the object that it is about and its place in the record."""
    first, second, third = events_of(LIST)
    assert picked(first, "kind", "class_uid", "source", "name", "activity", "severity_id", "pointer") == {
        "kind": "policy",
        "class_uid": 2003,
        "source": "opa",
        "name": "K8sAllowedRepos/prod-registries",
        "activity": "violated",
        "severity_id": 3,
        "pointer": "/status/violations/0",
    }
    assert picked(first, "namespace", "pod", "workload", "is_image_flagged", "event_time_text") == {
        "namespace": "payments",
        "pod": "checkout-api-7d9b6f8f6d-xk2tw",
        "workload": "checkout-api",
        "is_image_flagged": True,
        "event_time_text": "2026-01-12T10:02:00Z",
    }
    assert ["orders", None] == [second["namespace"], third["namespace"]]
    assert picked(third, "severity_text", "severity_id", "is_image_flagged") == {
        "severity_text": "dryrun",
        "severity_id": 1,
        "is_image_flagged": None,
    }


def test_violations_that_the_status_does_not_hold_are_a_gap() -> None:
    """The audit counts them all; the status holds as many as its limit."""
    (gap,) = gaps_of(LIST)
    assert ("records_truncated", "prod-registries", "/status/totalViolations") == (
        gap.gap,
        gap.subject,
        gap.pointer,
    )


def test_a_list_that_was_cut_into_pages_is_a_gap() -> None:
    """A list of one constraint's kind, as the API server answers it."""
    head = {"apiVersion": CONSTRAINT["apiVersion"], "kind": f"{CONSTRAINT['kind']}List"}
    gaps = gaps_of({**head, "metadata": {"continue": "eyJ2Ijoi"}, "items": LIST["items"]})
    assert {"more_available", "records_truncated"} == {gap.gap for gap in gaps}


def test_a_scoped_constraint_counts_with_its_strictest_action() -> None:
    """`scoped` names several enforcement points, each with its own action."""
    row = {**CONSTRAINT["status"]["violations"][0], "enforcementAction": "scoped"}
    status = {**CONSTRAINT["status"], "violations": [{**row, "enforcementActions": ["warn", "deny"]}]}
    (event,) = events_of({**CONSTRAINT, "status": status})
    assert "deny" == event["severity_text"]


def test_an_audited_log_line_is_a_violation_and_a_refused_request_a_denial() -> None:
    """The other lines tell of the audit itself and state nothing."""
    audited, refused = events_of("\n".join(map(json.dumps, LOG)))
    assert picked(audited, "activity", "event_time", "pod") == {
        "activity": "violated",
        "event_time": 1768212121307540200,
        "pod": "checkout-api-7d9b6f8f6d-xk2tw",
    }
    assert picked(refused, "activity", "resource_kind", "actor", "actor_kind") == {
        "activity": "denied",
        "resource_kind": "NetworkPolicy",
        "actor": "system:serviceaccount:platform:incident-automation",
        "actor_kind": "workload",
    }


def test_a_request_that_was_let_through_is_no_denial() -> None:
    """Admission logs dryrun and warn constraints as violations as well."""
    (event,) = events_of({**REFUSED, "constraint_action": "dryrun"})
    assert "violated" == event["activity"]


def test_an_event_that_gatekeeper_emits_is_its_verdict() -> None:
    """With `--emit-audit-events`: a Kubernetes event whose annotations are the log line's keys."""
    keys = ("process", "constraint_kind", "constraint_name", "constraint_action")
    keys += ("resource_kind", "resource_namespace", "resource_name")
    event = {
        **KUBERNETES_EVENT,
        "metadata": {**KUBERNETES_EVENT["metadata"], "annotations": {key: AUDITED[key] for key in keys}},
        "reason": "AuditViolation",
    }
    found = events_of(event)
    assert [("policy", "opa", "K8sAllowedRepos/prod-registries")] * 2 == [
        (one["kind"], one["source"], one["name"]) for one in found
    ]
    assert "checkout-api" == found[0]["workload"]


@pytest.mark.parametrize(
    ("record", "refusal"),
    [
        ({**AUDITED, "ts": True}, ("field_missing", "/ts")),
        ({**AUDITED, "event_type": []}, ("field_invalid", "/event_type")),
        ({**AUDITED, "ts": "yesterday"}, ("time_invalid", "/ts")),
        (without(AUDITED, "constraint_name"), ("field_missing", "/constraint_name")),
        ({**AUDITED, "resource_name": 7}, ("field_invalid", "/resource_name")),
        (
            {**CONSTRAINT, "status": without(CONSTRAINT["status"], "auditTimestamp")},
            ("field_missing", "/status/auditTimestamp"),
        ),
        (
            {**CONSTRAINT, "status": {**CONSTRAINT["status"], "violations": [{"kind": "Pod"}]}},
            ("field_missing", "/status/violations/0/name"),
        ),
        ({**CONSTRAINT, "status": []}, ("field_invalid", "/status")),
    ],
)
def test_what_can_be_wrong(record: dict[str, Any], refusal: tuple[str, str]) -> None:
    """Each fault is named with its pointer."""
    assert [refusal] == refusals_of(record)
