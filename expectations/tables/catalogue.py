"""Contracts of the service catalogue, which intake reads beside the exports: entries and dependencies."""

from __future__ import annotations

from expectations.contracts import TableContract, bigint, boolean, text

CRITICALITIES = ("batch", "best_effort", "customer_facing", "internal")

SERVICES = TableContract(
    "intake.services",
    "One row per catalogue entry (component, resource, group or user) with its ownership and recovery hints.",
    (
        text("entity_ref", "Backstage reference: kind:namespace/name."),
        text("kind", "Component, Resource, API, System, Group or User, in lower case."),
        text("name", "Name; unique for components."),
        text(
            "type",
            "spec.type: service, cronjob, database, kubernetes-cluster, aws-account, credential …",
            is_nullable=True,
        ),
        text("title", "Title for people.", is_nullable=True),
        text("owner", "Owning group; NULL when nobody is named.", is_nullable=True),
        text("lifecycle", "production, experimental, deprecated.", is_nullable=True),
        text("environment", "production, staging, development, for clusters and accounts.", is_nullable=True),
        text("criticality", "Operational criticality.", is_nullable=True, allowed=CRITICALITIES),
        boolean("is_rollback_supported", "Recovery hint.", is_nullable=True),
        boolean("is_restart_safe", "Recovery hint.", is_nullable=True),
        boolean("is_quarantine_allowed", "Recovery hint.", is_nullable=True),
        boolean("is_stateful", "Keeps state that a drain or restart can lose.", is_nullable=True),
        boolean("handles_customer_data", "Touches customer data.", is_nullable=True),
        boolean("is_emergency_access", "Identity tied to emergency (break-glass) access.", is_nullable=True),
        boolean(
            "are_consumers_tested",
            "For credentials: rotation is tested with all consumers.",
            is_nullable=True,
        ),
        text("release", "Release train shared by several components.", is_nullable=True),
        text("slack_channel", "Channel of the owner.", is_nullable=True),
        text("escalation_policy", "Escalation policy.", is_nullable=True),
        text("kubernetes_namespace", "Annotation backstage.io/kubernetes-namespace.", is_nullable=True),
        text("kubernetes_id", "Annotation backstage.io/kubernetes-id: the workload.", is_nullable=True),
        text(
            "canary_workload",
            "Workload that runs the next release beside the one that serves, for a share of the requests.",
            is_nullable=True,
        ),
        text("argocd_app", "Annotation argocd/app-name.", is_nullable=True),
        text("github_slug", "Annotation github.com/project-slug.", is_nullable=True),
        text("pagerduty_service", "Annotation pagerduty.com/service-id.", is_nullable=True),
        text("cloud_uid", "Account id, access key id or principal of a resource or user.", is_nullable=True),
        text(
            "known_networks", "Comma-separated CIDRs from which the identity usually comes.", is_nullable=True
        ),
        text("record_sha256", "SHA-256 of the YAML document."),
        text("file_sha256", "File that holds it.", is_location=True),
        text("path", "Its path below the incidents folder.", is_location=True),
        bigint("ordinal", "Document in the file, from 0.", is_location=True),
        bigint("byte_offset", "Offset.", is_location=True),
        bigint("byte_length", "Length."),
    ),
    key=("entity_ref",),
)

DEPENDENCIES = TableContract(
    "intake.dependencies",
    "One row per catalogue edge: the first entry depends on the second.",
    (
        text("from_ref", "Entry that depends."),
        text("to_ref", "Entry that it depends on."),
    ),
    key=("from_ref", "to_ref"),
)
