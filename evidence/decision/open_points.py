"""Owns how it is said that something is not known: one sentence per column, and where its value would be.

Explanations and handoffs both speak from this list, so that nobody reads of one gap in two wordings.
"""

from __future__ import annotations

from dataclasses import dataclass

_ALERT = "the labels of the first signal"
_CATALOGUE = "the catalogue's entry of what is affected"
_CHANGES = "the change history in Argo CD, or deployments in GitHub"
_CLOUDTRAIL = "CloudTrail"
_CREDENTIAL = "the catalogue's entry of the credential"
_DEPENDENCIES = "the catalogue's dependencies"
_ERRORS = "Prometheus, or the error share of traces"
_KUBERNETES = "the Kubernetes events of its pods"
_LATENCY = "Prometheus, or the durations of traces"
_LIMITS = "the use of CPU and memory limits in Prometheus"
_SEVERITY = "the signal itself, in the tool that sent it"
_TRACES = "traces of requests that cross the service"


@dataclass(frozen=True, slots=True)
class OpenPoint:
    """Something that is not known: what, as a clause that begins a sentence, and how to find it out."""

    what: str
    advice: str

    @property
    def sentence(self) -> str:
        """That it is not known."""
        return f"{self.what} is not known."


def _look_at(what: str, place: str) -> OpenPoint:
    return OpenPoint(what, f"Look at {place}.")


# Every column of enrichment.incident_states that a playbook may read and that may be NULL.
OPEN_POINTS: dict[str, OpenPoint] = {
    "service": _look_at("Which service is affected", _ALERT),
    "workload": _look_at("Which workload is affected", _ALERT),
    "workload_kind": _look_at("What kind of workload it is", _KUBERNETES),
    "namespace": _look_at("In which namespace it runs", _ALERT),
    "cluster": _look_at("In which cluster it runs", _ALERT),
    "node": _look_at("Which node is concerned", _KUBERNETES),
    "is_about_node": _look_at("Whether it is about a node itself", _ALERT),
    "principal": _look_at("Which identity it is about", _CLOUDTRAIL),
    "environment": _look_at(
        "Which environment is affected", "the catalogue's entry of the cluster or account"
    ),
    "owner": _look_at("Who owns what is affected", _CATALOGUE),
    "criticality": _look_at("How critical it is to operations", _CATALOGUE),
    "is_rollback_supported": _look_at("Whether a rollback is supported", _CATALOGUE),
    "is_restart_safe": _look_at("Whether a restart is safe", _CATALOGUE),
    "is_quarantine_allowed": _look_at("Whether quarantine is allowed", _CATALOGUE),
    "is_stateful": _look_at("Whether it keeps state", _CATALOGUE),
    "deployment_path": _look_at(
        "Whether the primary path, a canary or a batch job is affected",
        f"{_ALERT}, and the catalogue's canary workload",
    ),
    "is_node_rotating": _look_at("Whether the nodes under the service stayed in place", _KUBERNETES),
    "layer": _look_at("In which layer the fault lies", "logs, traces and recent changes"),
    "severity_alertmanager": _look_at("How grave Alertmanager says it is", _SEVERITY),
    "severity_falco": _look_at("How grave Falco says it is", _SEVERITY),
    "severity_pagerduty": _look_at("How grave PagerDuty says it is", _SEVERITY),
    "severity_event_envelope": _look_at("How grave the event envelope says it is", _SEVERITY),
    "severity_opa": _look_at("How grave the policy finding is", _SEVERITY),
    "severity_watch": _look_at("How grave the watched call is", "the watch list's levels"),
    "severity": _look_at("How grave it is", _SEVERITY),
    "detection_level": _look_at("How grave the detection is", _SEVERITY),
    "is_signal_cleared": _look_at("Whether the alert is over", "Alertmanager, or the paging tool"),
    "is_change_seen": _look_at("Whether anything was changed before the first symptom", _CHANGES),
    "change_sync_status": _look_at("Whether the change is in sync", "the Application in Argo CD"),
    "is_change_auto_sync": _look_at(
        "Whether the change came by automated sync", "the Application in Argo CD"
    ),
    "has_previous_revision": _look_at("Whether there is a revision to go back to", _CHANGES),
    "change_to_symptom_seconds": _look_at("How long after a change the first symptom came", _CHANGES),
    "release_service_count": _look_at("How many services share the release", _CATALOGUE),
    "seconds_since_change": _look_at("How long ago the change was", _CHANGES),
    "is_spreading": _look_at("Whether it spreads", "events and metrics of the neighbouring services"),
    "blast_radius": _look_at("How many other services depend on it", _DEPENDENCIES),
    "customer_facing_count": _look_at("How many customer-facing services are within reach", _DEPENDENCIES),
    "actor_kind": _look_at("What kind of identity acted", f"{_CLOUDTRAIL}, or the Kubernetes audit log"),
    "credential_kind": _look_at("What kind of credential was used", _CLOUDTRAIL),
    "is_source_network_new": _look_at(
        "Whether the calls came from a known network", "the catalogue's known networks of the identity"
    ),
    "is_mfa": _look_at("Whether the session had a second factor", "CloudTrail's session context"),
    "is_emergency_access": _look_at(
        "Whether the identity is tied to emergency access", "the catalogue's entry of the identity"
    ),
    "consumer_count": _look_at("Who uses the credential", _CREDENTIAL),
    "are_consumers_tested": _look_at("Whether rotation is rehearsed with all consumers", _CREDENTIAL),
    "is_public_exposure": _look_at("Whether anything is open to everyone", _CLOUDTRAIL),
    "is_image_flagged": _look_at(
        "Whether an image policy flags what runs", "the image policy's decision log"
    ),
    "is_policy_denied": _look_at("Whether a policy denied something", "the policy's decision log"),
    "has_approval_artifact": _look_at("Whether the object carries an approval label", "the object itself"),
    "is_customer_data_touched": _look_at("Whether customer data is touched", _CATALOGUE),
    "error_rate_ppm": _look_at("How high the error rate is", _ERRORS),
    "latency_ms": _look_at("How high the latency is", _LATENCY),
    "resource_pressure_ppm": _look_at("How near to a limit it runs", _LIMITS),
    "impacted_route_count": _look_at("How many routes fail", "traces, or access logs"),
    "is_dependency_hot": _look_at("Whether one dependency is slow or failing", _TRACES),
    "is_error_rate_over_policy": _look_at("Whether the error rate is over policy", _ERRORS),
    "is_latency_over_policy": _look_at("Whether the latency is over policy", _LATENCY),
    "is_resource_pressure_over_policy": _look_at("Whether it runs at a limit", _LIMITS),
}

# The fields of the minimum context set: the same sentences, and what to do that the field becomes known.
MISSING_CONTEXT: dict[str, OpenPoint] = {
    "service_or_workload": OpenPoint(
        "Which service or workload is affected",
        "Ask the sender of the first signal which service it means, and enter that name in the catalogue.",
    ),
    "severity": OpenPoint(
        OPEN_POINTS["severity"].what,
        "Ask the on-call of the affected service to state a severity in the paging tool.",
    ),
    "environment": OpenPoint(
        OPEN_POINTS["environment"].what,
        "Look up the cluster or account in the catalogue, and enter its environment there.",
    ),
    "recent_change_data": OpenPoint(
        OPEN_POINTS["is_change_seen"].what,
        "Export the service's history from Argo CD, or its deployments from GitHub.",
    ),
    "owner": OpenPoint(
        OPEN_POINTS["owner"].what,
        "Ask the escalation policy's fallback who owns it, and enter the owner in the catalogue.",
    ),
}
