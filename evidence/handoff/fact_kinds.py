"""How each column of the state is said as a fact: its label, its sentence and the event columns behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from evidence.handoff.inert import quote
from evidence.handoff.words import SEVERITY_WORDS, counted, duration, percent, source_name
from evidence.times import format_rfc3339

Sentence = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class FactKind:
    """How a state column is said, and which event columns hold the source's own text of it."""

    column: str
    label: str
    sentence: Sentence
    event_columns: tuple[str, ...] = ()


def _words(template: str) -> Sentence:
    return lambda value: template.format(quote(value))


def _number(template: str) -> Sentence:
    return lambda value: template.format(value)


def _count(template: str, one: str, many: str = "") -> Sentence:
    return lambda value: template.format(counted(value, one, many))


def _flag(if_true: str, if_false: str) -> Sentence:
    return lambda value: if_true if value else if_false


def _severity(source: str) -> Sentence:
    return lambda value: (
        f"{source_name(source)} states a severity of {value} of 6 ({SEVERITY_WORDS.get(value, 'unnamed')})."
    )


SCOPE: tuple[FactKind, ...] = (
    FactKind("service", "Service", _words("The affected service is {}."), ("service_name", "workload")),
    FactKind("workload", "Workload", _words("The affected workload is {}."), ("workload", "pod")),
    FactKind("workload_kind", "Workload kind", _words("Its kind is {}."), ("workload_kind",)),
    FactKind("namespace", "Namespace", _words("It runs in the namespace {}."), ("namespace",)),
    FactKind("cluster", "Cluster", _words("It runs in the cluster {}."), ("cluster",)),
    FactKind("node", "Node", _words("The node concerned is {}."), ("node",)),
    FactKind(
        "principal", "Identity", _words("The incident is about the identity {}."), ("actor", "resource")
    ),
    FactKind("environment", "Environment", _words("The environment is {}."), ("environment",)),
)

OWNERSHIP: tuple[FactKind, ...] = (
    FactKind("owner", "Owner", _words("The catalogue names {} as the owner.")),
    FactKind("criticality", "Criticality", _words("The operational criticality is {}.")),
    FactKind(
        "is_rollback_supported",
        "Rollback",
        _flag(
            "The catalogue says that a rollback is supported.",
            "The catalogue says that no rollback is supported.",
        ),
    ),
    FactKind(
        "is_restart_safe",
        "Restart",
        _flag("The catalogue says that a restart is safe.", "The catalogue says that a restart is not safe."),
    ),
    FactKind(
        "is_quarantine_allowed",
        "Quarantine",
        _flag(
            "The catalogue says that quarantine is allowed.",
            "The catalogue says that quarantine is not allowed.",
        ),
    ),
    FactKind("is_stateful", "State", _flag("It keeps state.", "It keeps no state.")),
)

SIGNALS: tuple[FactKind, ...] = (
    *(
        FactKind(
            f"severity_{source}", f"Severity by {source_name(source)}", _severity(source), ("severity_text",)
        )
        for source in ("alertmanager", "falco", "pagerduty", "event_envelope", "opa")
    ),
    FactKind(
        "severity_watch",
        "Severity by the watch list",
        lambda value: f"A watched call has level {value} of 6 ({SEVERITY_WORDS.get(value, 'unnamed')}).",
        ("name",),
    ),
    FactKind("first_signal_name", "First signal", _words("The first signal to arrive was {}."), ("name",)),
    FactKind(
        "is_signal_cleared",
        "Signals cleared",
        _flag("Every alert is reported over by its own source.", "At least one alert is not reported over."),
        ("activity", "status"),
    ),
    FactKind(
        "layer",
        "Layer",
        _words("The fault seems to lie in the layer {}."),
    ),
)

CHANGE: tuple[FactKind, ...] = (
    FactKind(
        "is_change_seen",
        "Recent change",
        _flag(
            "A change to the affected service came before the first symptom, within the look-back.",
            "A change source covers the time before the first symptom and shows no change.",
        ),
        ("revision",),
    ),
    FactKind(
        "change_at", "Time of the change", lambda value: f"The change happened at {format_rfc3339(value)}."
    ),
    FactKind("change_revision", "Revision", _words("The change brought the revision {}."), ("revision",)),
    FactKind(
        "change_previous_revision", "Revision before", _words("Before it ran {}."), ("previous_revision",)
    ),
    FactKind("change_branch", "Branch", _words("It follows the branch {}."), ("branch",)),
    FactKind("change_commit", "Commit", _words("Its commit is {}."), ("commit_sha", "revision")),
    FactKind("change_sync_status", "Sync status", _words("Its sync status is {}."), ("sync_status",)),
    FactKind("change_initiator", "Initiator of the change", _words("It was begun by {}."), ("initiator",)),
    FactKind(
        "is_change_auto_sync",
        "Automated sync",
        _flag("It came by automated sync.", "It did not come by automated sync."),
    ),
    FactKind(
        "has_previous_revision",
        "Way back",
        _flag(
            "The change history names a revision to go back to.",
            "The change history names no revision to go back to.",
        ),
        ("previous_revision",),
    ),
    FactKind(
        "change_to_symptom_seconds",
        "Change to symptom",
        lambda value: f"The first symptom came {duration(value)} after the change.",
    ),
    FactKind("release_service_count", "Shared release", _count("The changed release holds {}.", "service")),
)

SPREAD: tuple[FactKind, ...] = (
    FactKind("pod_count", "Pods", _count("{} affected so far.", "pod"), ("pod",)),
    FactKind("node_count", "Nodes", _count("{} affected so far.", "node"), ("node",)),
    FactKind("service_count", "Services", _count("{} affected so far.", "service"), ("service_name",)),
    FactKind(
        "is_spreading",
        "Spread",
        _flag(
            "It is spreading: two or more services or nodes are affected.",
            "It stays on one service and node.",
        ),
    ),
    FactKind(
        "blast_radius",
        "Blast radius",
        _count("{} by the catalogue.", "other service depends on it", "other services depend on it"),
    ),
    FactKind(
        "customer_facing_count",
        "Customer-facing reach",
        _count("{} within reach.", "customer-facing service"),
    ),
)

IDENTITY: tuple[FactKind, ...] = (
    FactKind("actor", "Actor", _words("The identity that acted is {}."), ("actor",)),
    FactKind("actor_kind", "Kind of identity", _words("It is an identity of kind {}."), ("actor_kind",)),
    FactKind("credential_uid", "Credential", _words("The credential concerned is {}."), ("credential_uid",)),
    FactKind("credential_kind", "Kind of credential", _words("The credential is {}."), ("credential_uid",)),
    FactKind(
        "is_source_network_new",
        "Source network",
        _flag("It came from outside its known networks.", "It came from a known network."),
        ("src_ip",),
    ),
    FactKind(
        "is_mfa",
        "Second factor",
        _flag("The session had a second factor.", "The session had no second factor."),
    ),
    FactKind(
        "is_emergency_access",
        "Emergency access",
        _flag("The identity is tied to emergency access.", "The identity is not tied to emergency access."),
    ),
    FactKind("consumer_count", "Consumers", _count("The catalogue names {} of the credential.", "consumer")),
    FactKind(
        "are_consumers_tested",
        "Rotation rehearsed",
        _flag("Rotation is rehearsed with all consumers.", "Rotation is not rehearsed with all consumers."),
    ),
)

EXPOSURE: tuple[FactKind, ...] = (
    FactKind(
        "is_public_exposure",
        "Public exposure",
        _flag("A call opened a resource to everyone.", "What a call opened to everyone is closed again."),
        ("resource", "name"),
    ),
    FactKind(
        "is_image_flagged",
        "Flagged image",
        _flag("An image policy flags a workload concerned.", "No image policy flags a workload concerned."),
    ),
    FactKind(
        "is_policy_denied",
        "Recorded policy decision",
        _flag(
            "A recorded policy decision denied something concerned.",
            "No recorded policy decision is a denial.",
        ),
        ("name",),
    ),
    FactKind(
        "has_approval_artifact",
        "Approval label",
        _flag("The object carries an approval label.", "The object carries no approval label."),
    ),
    FactKind(
        "is_customer_data_touched",
        "Customer data",
        _flag("An affected entry handles customer data.", "No affected entry handles customer data."),
        ("resource",),
    ),
)

TELEMETRY: tuple[FactKind, ...] = (
    FactKind("error_rate_ppm", "Error rate", lambda value: f"The error rate reached {percent(value)}."),
    FactKind("latency_ms", "Latency", _number("The latency reached {} ms (p99 as recorded).")),
    FactKind(
        "resource_pressure_ppm",
        "Resource pressure",
        lambda value: f"Use of a limit reached {percent(value)}.",
    ),
    FactKind("impacted_route_count", "Routes", _count("{} with errors.", "route"), ("route",)),
    FactKind(
        "hot_dependency", "Hot dependency", _words("Slow or failing calls concentrate on {}."), ("upstream",)
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
LABELS = {
    kind.column: kind.label for kind in (*SCOPE, *(kind for kinds in GROUPS.values() for kind in kinds))
} | {
    "is_error_rate_over_policy": "Error rate over policy",
    "is_latency_over_policy": "Latency over policy",
    "is_resource_pressure_over_policy": "Resource pressure over policy",
    "is_dependency_hot": "Whether one dependency is hot",
    "severity": "Severity",
}
# A conclusion has the evidence of the figure that it compares.
SAME_EVIDENCE = {
    "is_error_rate_over_policy": "error_rate_ppm",
    "is_latency_over_policy": "latency_ms",
    "is_resource_pressure_over_policy": "resource_pressure_ppm",
    "is_dependency_hot": "hot_dependency",
}
# What quiet says: a conclusion of nothing is no news to a reader under pressure.
QUIET_AT_ZERO = frozenset(
    {"pod_count", "node_count", "service_count", "impacted_route_count", "release_service_count"}
)
