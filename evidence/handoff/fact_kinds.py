"""How each column of the state is said as a fact: its label, its sentence and the event columns behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evidence.handoff.fact_sentences import (
    Sentence,
    count,
    flag,
    layer_sentence,
    severity,
    state_sentence,
    words,
)
from evidence.handoff.words import SEVERITY_WORDS, percent, source_name
from evidence.times import duration, format_rfc3339


@dataclass(frozen=True, slots=True)
class FactKind:
    """How a state column is said, and which event columns hold the source's own text of it."""

    column: str
    label: str
    sentence: Sentence
    event_columns: tuple[str, ...] = ()


SCOPE: tuple[FactKind, ...] = (
    FactKind("service", "Service", words("The affected service is {}."), ("service_name", "workload")),
    FactKind("workload", "Workload", words("The affected workload is {}."), ("workload", "pod")),
    FactKind("workload_kind", "Workload kind", words("The workload's kind is {}."), ("workload_kind",)),
    FactKind("namespace", "Namespace", words("It runs in the namespace {}."), ("namespace",)),
    FactKind("cluster", "Cluster", words("It runs in the cluster {}."), ("cluster",)),
    FactKind("node", "Node", words("The node concerned is {}."), ("node",)),
    FactKind(
        "is_about_node",
        "About the node itself",
        flag("The incident is about the node itself.", "The incident is not about a node."),
        ("node",),
    ),
    FactKind(
        "is_node_rotating",
        "Node rotation",
        flag(
            "A node that ran the service's pods was taken out of service before the first symptom.",
            "The cluster's events show no node of the service taken out of service.",
        ),
        ("node",),
    ),
    FactKind(
        "deployment_path",
        "Path",
        words("Of the ways of running the service, its signals name this: {}."),
        ("workload", "pod"),
    ),
    FactKind("principal", "Identity", words("The incident is about the identity {}."), ("actor", "resource")),
    FactKind("environment", "Environment", words("The environment is {}."), ("environment",)),
)

OWNERSHIP: tuple[FactKind, ...] = (
    FactKind("owner", "Owner", words("The catalogue names {} as the owner.")),
    FactKind("criticality", "Criticality", words("The operational criticality is {}.")),
    FactKind(
        "is_rollback_supported",
        "Rollback",
        flag(
            "The catalogue says that a rollback is supported.",
            "The catalogue says that no rollback is supported.",
        ),
    ),
    FactKind(
        "is_restart_safe",
        "Restart",
        flag("The catalogue says that a restart is safe.", "The catalogue says that a restart is not safe."),
    ),
    FactKind(
        "is_quarantine_allowed",
        "Quarantine",
        flag(
            "The catalogue says that quarantine is allowed.",
            "The catalogue says that quarantine is not allowed.",
        ),
    ),
    FactKind("is_stateful", "State", state_sentence, ("workload", "pod")),
)

SIGNALS: tuple[FactKind, ...] = (
    *(
        FactKind(
            f"severity_{source}", f"Severity by {source_name(source)}", severity(source), ("severity_text",)
        )
        for source in ("alertmanager", "falco", "pagerduty", "event_envelope", "opa")
    ),
    FactKind(
        "severity_watch",
        "Severity by watch list and rules",
        lambda value, _: (
            f"What is watched for, by call or by rule, has level {value} of 6 "
            f"({SEVERITY_WORDS.get(value, 'unnamed')})."
        ),
        ("name",),
    ),
    FactKind("first_signal_name", "First signal", words("The first signal to arrive was {}."), ("name",)),
    FactKind(
        "is_signal_cleared",
        "Signals cleared",
        flag(
            "Every alert is reported as resolved by its own source.",
            "Not every signal is reported as over by its own source.",
        ),
        ("activity", "status"),
    ),
    FactKind("layer", "Layer", layer_sentence),
)

CHANGE: tuple[FactKind, ...] = (
    FactKind(
        "is_change_seen",
        "Recent change",
        flag(
            "A change to the affected service came before the first symptom, within the look-back.",
            "A change source covers the time before the first symptom and shows no change.",
        ),
        ("revision",),
    ),
    FactKind(
        "change_at", "Time of the change", lambda value, _: f"The change happened at {format_rfc3339(value)}."
    ),
    FactKind("change_revision", "Revision", words("The change brought the revision {}."), ("revision",)),
    FactKind(
        "change_previous_revision",
        "Revision before",
        words("The revision before it is {}."),
        ("previous_revision",),
    ),
    FactKind("change_branch", "Branch", words("The release follows {}."), ("branch",)),
    FactKind("change_commit", "Commit", words("The change's commit is {}."), ("commit_sha", "revision")),
    FactKind("change_sync_status", "Sync status", words("The sync status is {}."), ("sync_status",)),
    FactKind(
        "change_initiator", "Initiator of the change", words("The change was begun by {}."), ("initiator",)
    ),
    FactKind(
        "is_change_auto_sync",
        "Automated sync",
        flag("The change came by automated sync.", "The change did not come by automated sync."),
    ),
    FactKind(
        "has_previous_revision",
        "Way back",
        flag(
            "The change history names a revision to go back to.",
            "The change history names no revision to go back to.",
        ),
        ("previous_revision",),
    ),
    FactKind(
        "change_to_symptom_seconds",
        "Change to symptom",
        lambda value, _: f"The first symptom came {duration(value)} after the change.",
    ),
    FactKind(
        "release_service_count",
        "Shared release",
        lambda value, _: (
            "No other service shares the changed release."
            if value == 1
            else f"{value} services share the changed release."
        ),
    ),
)

SPREAD: tuple[FactKind, ...] = (
    FactKind("pod_count", "Pods", count("{} seen and affected so far.", "pod"), ("pod",)),
    FactKind(
        "claimed_pod_count",
        "Claimed pods",
        count("{} only claimed: no other record shows it so far.", "pod is", "pods are"),
        ("pod",),
    ),
    FactKind("node_count", "Nodes", count("{} affected so far.", "node"), ("node",)),
    FactKind("service_count", "Services", count("{} affected so far.", "service"), ("service_name",)),
    FactKind(
        "is_spreading",
        "Spread",
        flag(
            "It spreads: two or more services, or pods on two or more nodes, are affected.",
            "It does not spread so far.",
        ),
    ),
    FactKind(
        "blast_radius",
        "Blast radius",
        count(
            "{} by the catalogue.",
            "other service depends on it",
            "other services depend on it",
            "No other service depends on it by the catalogue.",
        ),
    ),
    FactKind(
        "customer_facing_count",
        "Customer-facing reach",
        count(
            "{} on what is.",
            "customer-facing service is affected or depends",
            "customer-facing services are affected or depend",
            "No customer-facing service is affected or depends on what is.",
        ),
    ),
)

IDENTITY: tuple[FactKind, ...] = (
    FactKind("actor", "Actor", words("The identity that acted is {}."), ("actor",)),
    FactKind("actor_kind", "Kind of identity", words("It is an identity of kind {}."), ("actor_kind",)),
    FactKind("credential_uid", "Credential", words("The credential concerned is {}."), ("credential_uid",)),
    FactKind("credential_kind", "Kind of credential", words("The credential is {}."), ("credential_uid",)),
    FactKind(
        "is_source_network_new",
        "Source network",
        flag("The calls came from outside the known networks.", "The calls came from a known network."),
        ("src_ip",),
    ),
    FactKind(
        "is_mfa",
        "Second factor",
        flag("The session had a second factor.", "The session had no second factor."),
    ),
    FactKind(
        "is_emergency_access",
        "Emergency access",
        flag("The identity is tied to emergency access.", "The identity is not tied to emergency access."),
    ),
    FactKind(
        "consumer_count",
        "Consumers",
        count(
            "The catalogue names {} of the credential.",
            "consumer",
            none="The catalogue names no consumer of the credential.",
        ),
    ),
    FactKind(
        "are_consumers_tested",
        "Rotation rehearsed",
        flag("Rotation is rehearsed with all consumers.", "Rotation is not rehearsed with all consumers."),
    ),
)

EXPOSURE: tuple[FactKind, ...] = (
    FactKind(
        "is_public_exposure",
        "Public exposure",
        flag("A call opened a resource to everyone.", "What a call opened to everyone is closed again."),
        ("resource", "name"),
    ),
    FactKind(
        "is_image_flagged",
        "Flagged image",
        flag("An image policy flags a workload concerned.", "No image policy flags a workload concerned."),
    ),
    FactKind(
        "is_policy_denied",
        "Recorded policy decision",
        flag(
            "A recorded policy decision denied something concerned.",
            "No recorded policy decision is a denial.",
        ),
        ("name",),
    ),
    FactKind(
        "has_approval_artifact",
        "Approval label",
        flag(
            "The object that a policy was asked about carries an approval label.",
            "The object that a policy was asked about carries no approval label.",
        ),
    ),
    FactKind(
        "is_customer_data_touched",
        "Customer data",
        flag(
            "By the catalogue, something affected handles customer data.",
            "By the catalogue, nothing affected handles customer data.",
        ),
        ("resource",),
    ),
)

TELEMETRY: tuple[FactKind, ...] = (
    FactKind("error_rate_ppm", "Error rate", lambda value, _: f"The error rate reached {percent(value)}."),
    FactKind("latency_ms", "Latency", lambda value, _: f"The latency reached {value} ms (p99 as recorded)."),
    FactKind(
        "resource_pressure_ppm",
        "Resource pressure",
        lambda value, _: f"Use of a limit (CPU, memory, saturation) reached {percent(value)}.",
    ),
    FactKind(
        "impacted_route_count", "Routes", count("{} errors so far.", "route has", "routes have"), ("route",)
    ),
    FactKind(
        "hot_dependency", "Hot dependency", words("Slow or failing calls concentrate on {}."), ("upstream",)
    ),
)

GROUPS: dict[str, tuple[FactKind, ...]] = {
    "Signals": SIGNALS,
    "Change": CHANGE,
    "Telemetry": TELEMETRY,
    "Identity": IDENTITY,
    "Exposure and data": EXPOSURE,
    "Spread and reach": SPREAD,
    "Ownership and recovery hints": OWNERSHIP,
}
# A conclusion has the evidence of the figure that it compares.
SAME_EVIDENCE = {
    "is_error_rate_over_policy": "error_rate_ppm",
    "is_latency_over_policy": "latency_ms",
    "is_resource_pressure_over_policy": "resource_pressure_ppm",
    "is_dependency_hot": "hot_dependency",
}
# Values that are no news to a reader under pressure.
QUIET: dict[str, tuple[Any, ...]] = {
    "is_about_node": (False,),
    "pod_count": (0,),
    "claimed_pod_count": (0,),
    "node_count": (0,),
    "service_count": (0,),
    "impacted_route_count": (0,),
    "release_service_count": (0,),
}
