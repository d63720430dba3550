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
    """Something that is not known: what, as a clause that begins a sentence, and where to look for it."""

    what: str
    look_at: str

    @property
    def sentence(self) -> str:
        """That it is not known."""
        return f"{self.what} is not known."

    @property
    def advice(self) -> str:
        """Where it would be found."""
        return f"Look at {self.look_at}."


# Every column of enrichment.incident_states that a playbook may read and that may be NULL.
OPEN_POINTS: dict[str, OpenPoint] = {
    "service": OpenPoint("Which service is affected", _ALERT),
    "workload": OpenPoint("Which workload is affected", _ALERT),
    "workload_kind": OpenPoint("What kind of workload it is", _KUBERNETES),
    "namespace": OpenPoint("In which namespace it runs", _ALERT),
    "cluster": OpenPoint("In which cluster it runs", _ALERT),
    "node": OpenPoint("Which node is concerned", _KUBERNETES),
    "is_about_node": OpenPoint("Whether it is about a node itself", _ALERT),
    "principal": OpenPoint("Which identity it is about", _CLOUDTRAIL),
    "environment": OpenPoint(
        "Which environment is affected", "the catalogue's entry of the cluster or account"
    ),
    "owner": OpenPoint("Who owns what is affected", _CATALOGUE),
    "criticality": OpenPoint("How critical it is to operations", _CATALOGUE),
    "is_rollback_supported": OpenPoint("Whether a rollback is supported", _CATALOGUE),
    "is_restart_safe": OpenPoint("Whether a restart is safe", _CATALOGUE),
    "is_quarantine_allowed": OpenPoint("Whether quarantine is allowed", _CATALOGUE),
    "is_stateful": OpenPoint("Whether it keeps state", _CATALOGUE),
    "layer": OpenPoint("In which layer the fault lies", "logs, traces and recent changes"),
    "severity_alertmanager": OpenPoint("How grave Alertmanager says it is", _SEVERITY),
    "severity_falco": OpenPoint("How grave Falco says it is", _SEVERITY),
    "severity_pagerduty": OpenPoint("How grave PagerDuty says it is", _SEVERITY),
    "severity_event_envelope": OpenPoint("How grave the event envelope says it is", _SEVERITY),
    "severity_opa": OpenPoint("How grave the policy finding is", _SEVERITY),
    "severity_watch": OpenPoint("How grave the watched call is", "the watch list's levels"),
    "severity": OpenPoint("How grave it is", _SEVERITY),
    "detection_level": OpenPoint("How grave the detection is", _SEVERITY),
    "is_signal_cleared": OpenPoint("Whether the alert is over", "Alertmanager, or the paging tool"),
    "is_change_seen": OpenPoint("Whether anything was changed before the first symptom", _CHANGES),
    "change_sync_status": OpenPoint("Whether the change is in sync", "the Application in Argo CD"),
    "is_change_auto_sync": OpenPoint(
        "Whether the change came by automated sync", "the Application in Argo CD"
    ),
    "has_previous_revision": OpenPoint("Whether there is a revision to go back to", _CHANGES),
    "change_to_symptom_seconds": OpenPoint("How long after a change the first symptom came", _CHANGES),
    "release_service_count": OpenPoint("How many services share the release", _CATALOGUE),
    "seconds_since_change": OpenPoint("How long ago the change was", _CHANGES),
    "is_spreading": OpenPoint("Whether it spreads", "events and metrics of the neighbouring services"),
    "blast_radius": OpenPoint("How many other services depend on it", _DEPENDENCIES),
    "customer_facing_count": OpenPoint("How many customer-facing services are within reach", _DEPENDENCIES),
    "actor_kind": OpenPoint("What kind of identity acted", f"{_CLOUDTRAIL}, or the Kubernetes audit log"),
    "credential_kind": OpenPoint("What kind of credential was used", _CLOUDTRAIL),
    "is_source_network_new": OpenPoint(
        "Whether the calls came from a known network", "the catalogue's known networks of the identity"
    ),
    "is_mfa": OpenPoint("Whether the session had a second factor", "CloudTrail's session context"),
    "is_emergency_access": OpenPoint(
        "Whether the identity is tied to emergency access", "the catalogue's entry of the identity"
    ),
    "consumer_count": OpenPoint("Who uses the credential", _CREDENTIAL),
    "are_consumers_tested": OpenPoint("Whether rotation is rehearsed with all consumers", _CREDENTIAL),
    "is_public_exposure": OpenPoint("Whether anything is open to everyone", _CLOUDTRAIL),
    "is_image_flagged": OpenPoint(
        "Whether an image policy flags what runs", "the image policy's decision log"
    ),
    "is_policy_denied": OpenPoint("Whether a policy denied something", "the policy's decision log"),
    "has_approval_artifact": OpenPoint("Whether the object carries an approval label", "the object itself"),
    "is_customer_data_touched": OpenPoint("Whether customer data is touched", _CATALOGUE),
    "error_rate_ppm": OpenPoint("How high the error rate is", _ERRORS),
    "latency_ms": OpenPoint("How high the latency is", _LATENCY),
    "resource_pressure_ppm": OpenPoint("How near to a limit it runs", _LIMITS),
    "impacted_route_count": OpenPoint("How many routes fail", "traces, or access logs"),
    "is_dependency_hot": OpenPoint("Whether one dependency is slow or failing", _TRACES),
    "is_error_rate_over_policy": OpenPoint("Whether the error rate is over policy", _ERRORS),
    "is_latency_over_policy": OpenPoint("Whether the latency is over policy", _LATENCY),
    "is_resource_pressure_over_policy": OpenPoint("Whether it runs at a limit", _LIMITS),
}

# The fields of the minimum context set: what is missing when one is, and what to do about it.
MISSING_CONTEXT: dict[str, OpenPoint] = {
    "service_or_workload": OpenPoint("Which service or workload is affected", _ALERT),
    "severity": OPEN_POINTS["severity"],
    "environment": OPEN_POINTS["environment"],
    "recent_change_data": OPEN_POINTS["is_change_seen"],
    "owner": OPEN_POINTS["owner"],
}
