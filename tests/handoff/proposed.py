"""Owns the subjects that proposals are tried with: all known, next to nothing known, every text hostile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ruamel.yaml import YAML

from evidence.handoff.proposals import Subject, Workload, propose

HOSTILE = 'x"\n  evil: true\n---\n\'; rm -rf / #${file("/etc/passwd")} %{for} \u202e\U0001f600'
SUBJECT = Subject(
    incident_id="inc-1",
    title="Something happened",
    action="keep_watching",
    target="checkout-api",
    acts_on="checkout-api",
    execution_model="operator",
    approvers=("incident_commander",),
    readers=("Incident commander (on call)",),
    as_of="2026-01-01T10:00:00Z",
    addressee="payments-platform",
    commander="incident commander on call",
    service="checkout-api",
    workload=Workload("payments", "checkout-api", "backstage.io/kubernetes-id", "checkout-api"),
    workload_kind="Deployment",
    node="node-1",
    pods=("checkout-api-1", "checkout-api-2"),
    failing_pods=("checkout-api-2",),
    dependencies=(Workload("payments", "ledger", "backstage.io/kubernetes-id", "ledger"),),
    unplaced_dependencies=("ledger-db",),
    remote_ip="198.51.100.23",
    account="111122223333",
    principal="arn:aws:sts::111122223333:assumed-role/ci-deployer/run-7",
    credential="AKIAIOSFODNN7EXAMPLE",
    consumers=("release-pipeline",),
    resource="build-artifacts",
    resource_kind="s3_bucket",
    application="checkout-api",
    application_namespace="argocd",
    repository="https://git.example.com/acme/apps.git",
    repository_path="apps/checkout-api",
    target_revision="main",
    previous_target_revision="main",
    revision="b" * 40,
    previous_revision="a" * 40,
    is_auto_sync=True,
)
BARE = Subject("inc-1", "Title", "", None, None, "none", (), (), "2026-01-01T10:00:00Z", "owner", "commander")
TEXT_FIELDS = (
    "incident_id", "title", "target", "acts_on", "addressee", "commander", "service", "workload_kind", "node",
    "account", "principal", "session", "credential", "resource", "resource_kind", "application",
    "application_namespace", "repository", "repository_path", "target_revision", "previous_target_revision",
    "revision", "previous_revision", "slack_channel",
)  # fmt: skip
HOSTILE_SUBJECT = replace(
    SUBJECT,
    **dict.fromkeys(TEXT_FIELDS, HOSTILE),
    workload=Workload(HOSTILE, HOSTILE, "backstage.io/kubernetes-id", HOSTILE),
    dependencies=(Workload(HOSTILE, HOSTILE, "backstage.io/kubernetes-id", HOSTILE),),
    unplaced_dependencies=(HOSTILE,),
    pods=(HOSTILE,),
    failing_pods=(HOSTILE,),
    consumers=(HOSTILE,),
)


def text_of(action: str, subject: Subject = SUBJECT, **changes: Any) -> str:
    """The proposal's text for an action."""
    return propose(replace(subject, action=action, **changes)).text


def manifest_of(action: str, subject: Subject = SUBJECT, **changes: Any) -> Any:
    """The proposal's one YAML document."""
    documents = list(YAML(typ="safe", pure=True).load_all(text_of(action, subject, **changes)))
    assert 1 == len(documents)
    return documents[0]
