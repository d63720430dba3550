"""What the timeline says of events that are easily misread: plans, drift, what an automation passes on."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from evidence.handoff.timeline import sentence_of
from evidence.handoff.wording import implied_executions
from tests.readers.reading import events_of
from tests.readers.samples import document

PLAN = document("terraform-plan.json")


def row(source: str, event: Any) -> dict[str, Any]:
    """The event as a row of the table: what it does not state is NULL."""
    return defaultdict(lambda: None, {"source": source, **event})


def test_a_plan_reads_as_a_plan() -> None:
    """Nobody who reads it takes the change for applied."""
    sentences = [sentence_of(row("terraform", event)) for event in events_of(PLAN)]
    assert [
        'Terraform: plan only: “create” of “aws_security_group_rule.https["public"]”',
        "Terraform: plan only: “delete then create” of “aws_db_instance.ledger”",
        "Terraform: a plan finds “aws_s3_bucket_policy.exports” other than its state has it",
    ] == sentences
    assert [] == implied_executions(sentences)


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("stackstorm-trigger-instances.json", "StackStorm: alert “CheckoutHighErrorRate” firing"),
        ("gatekeeper-constraints.json", "OPA: policy “K8sAllowedRepos/prod-registries” says “violated”"),
        ("slack-2026-01-14.json", "Slack: records “message” by “Jonas Weber”"),
    ],
)
def test_a_sentence_names_who_says_it(name: str, begins: str) -> None:
    """The automation that passes on, the policy engine, the responders' chat."""
    tool = {"stackstorm": "stackstorm", "gatekeeper": "opa", "slack": "slack"}[name.partition("-")[0]]
    first = events_of(document(name))[0]
    assert sentence_of(row(tool, first)).startswith(begins)


def test_a_service_of_the_cloud_that_reports_is_no_caller_that_succeeded() -> None:
    """`RotationFailed` comes without an error code: the report went well, the rotation did not."""
    reported = {"kind": "api_call", "name": "RotationFailed", "status": "Success"}
    by = {"actor": "secretsmanager.amazonaws.com", "src_ip": "secretsmanager.amazonaws.com"}
    assert "CloudTrail: “secretsmanager.amazonaws.com” reports “RotationFailed”" == sentence_of(
        row("aws_cloudtrail", {**reported, **by})
    )
    denied = sentence_of(row("aws_cloudtrail", {**reported, **by, "status": "AccessDenied"}))
    assert denied.endswith(", result “AccessDenied”")


def test_a_run_of_a_pipeline_tells_how_it_ended_and_an_event_its_object() -> None:
    """A name alone says neither."""
    run = {"kind": "lifecycle", "name": "workflow Checks", "activity": "run", "status": "cancelled"}
    assert "GitHub: “workflow Checks”, result “cancelled”" == sentence_of(row("github", run))
    update = {"kind": "lifecycle", "name": "Updated", "resource": "inventory-db", "status": "Normal"}
    assert "Kubernetes: “Updated” on “inventory-db”" == sentence_of(row("kubernetes_events", update))
