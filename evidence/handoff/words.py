"""The words in which a package speaks: of sources, figures, actions, roles and machinery."""

from __future__ import annotations

from evidence.handoff.inert import CLOSE, quote
from evidence.times import NS_PER_SECOND, parse_rfc3339

NS_PER_MS = 1_000_000
LATE_SECONDS = 60  # from which a reader is told both when it was known and when it happened
CLOSED_BY = f".!?{CLOSE}"

SOURCE_NAMES = {
    "alertmanager": "Alertmanager",
    "argo_events": "Argo Events",
    "argocd": "Argo CD",
    "aws_cloudtrail": "CloudTrail",
    "event_envelope": "The event envelope",
    "falco": "Falco",
    "flux": "Flux",
    "github": "GitHub",
    "kubernetes_audit": "Kubernetes audit",
    "kubernetes_events": "Kubernetes",
    "loki": "Loki",
    "ocsf": "The OCSF export",
    "opa": "OPA",
    "opentelemetry": "OpenTelemetry",
    "pagerduty": "PagerDuty",
    "prometheus": "Prometheus",
    "slack": "Slack",
    "stackstorm": "StackStorm",
    "tempo": "Tempo",
    "terraform": "Terraform",
}
SEVERITY_WORDS = {1: "informational", 2: "low", 3: "medium", 4: "high", 5: "critical", 6: "fatal"}
# Lower bound and word, highest first.
CONFIDENCE_WORDS = ((85, "very high"), (70, "high"), (50, "moderate"), (30, "low"), (0, "very low"))
IMPACT_WORDS = ((75, "severe"), (50, "major"), (25, "moderate"), (1, "minor"), (0, "none seen"))
MODE_WORDS = {
    "automatic": "no approval demanded",
    "policy_gated": "policy-gated",
    "approval_required": "approval required",
}
EXECUTION_WORDS = {
    "gitops_rollback": "the GitOps pipeline",
    "iac_pipeline": "the infrastructure-as-code pipeline",
    "identity_workflow": "the identity workflow",
    "operator": "the cluster's operator",
    "none": "a person",
}
# Action to the imperative that takes a target, and the one without.
ACTION_TITLES = {
    "keep_watching": "Keep watching",
    "gather_logs_and_traces": "Gather logs and traces",
    "collect_diagnostics": "Collect diagnostics",
    "request_missing_context": "Request the missing context",
    "draft_for_owner": "Draft a message for the owner",
    "draft_for_customer_legal_compliance": "Draft for customer, legal and compliance review",
    "hand_to_incident_commander": "Hand to the incident commander",
    "open_incident_channel": "Draft an incident channel with the evidence",
    "restart_stateless_pod": "Restart the stateless pods",
    "restart_failed_job": "Run the failed job again",
    "scale_replica_set": "Scale the replica set",
    "roll_back_release": "Roll back the release",
    "close_public_exposure": "Close the public exposure",
    "delete_resource": "Delete the resource",
    "isolate_workload": "Isolate the workload",
    "change_network_policy": "Change the network policy",
    "block_egress": "Block egress",
    "cordon_and_drain_node": "Cordon and drain the node",
    "revoke_temporary_credential": "Revoke the temporary credential",
    "deactivate_access_key": "Deactivate the access key",
    "disable_human_identity": "Disable the human identity",
    "revoke_broad_permissions": "Revoke broad permissions",
    "rotate_secret": "Rotate the secret value",
    "rotate_long_lived_key": "Rotate the long-lived key",
}
# What a policy does about an action.
VERDICT_WORDS = {"allow": "allows", "denied": "denies", "needs_approval": "asks for an approval of"}
# How long a reviewer has before the next step; NULL severity is treated as high, because nobody knows better.
REVIEW_WITHIN = {
    6: "15 minutes",
    5: "15 minutes",
    4: "30 minutes",
    3: "4 hours",
    2: "1 working day",
    1: "1 working day",
    None: "30 minutes",
}


def source_name(source: str) -> str:
    """The tool's own name."""
    return SOURCE_NAMES.get(source, source)


def action_title(action: str) -> str:
    """The action as an imperative; a bundle's own action in its own words."""
    return ACTION_TITLES.get(action, action.replace("_", " ").capitalize())


def role_words(role: str) -> str:
    """A role's name as words."""
    return role.replace("_", " ")


def flag_words(flag: str) -> str:
    """A governance flag's name as words, with the one abbreviation among them."""
    return role_words(flag).replace("siem", "SIEM")


def figure_word(value: int, words: tuple[tuple[int, str], ...]) -> str:
    """The word of the band that the value lies in."""
    return next(word for bound, word in words if value >= bound)


def percent(ppm: int) -> str:
    """Parts per million as per cent, to two places, half up."""
    whole, rest = divmod((ppm + 50) // 100, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + " %"


def measured(value: int, unit: str | None) -> str:
    """A metric's integer in the unit people read."""
    return percent(value) if unit == "ppm" else f"{value} {unit}" if unit else str(value)


def counted(count: int, one: str, many: str = "") -> str:
    """`3 pods`, `1 pod`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def bare_name(reference: str) -> str:
    """The name of a catalogue reference such as group:default/payments-platform."""
    return reference.rpartition("/")[2] or reference


def quoted_list(values: list[str]) -> str:
    """Foreign texts, quoted, as `a, b and c`."""
    return listed([quote(value) for value in values])


def to_second(moment: str) -> str:
    """An RFC 3339 text cut to the second, for people; the exact one is in the JSON."""
    return f"{moment[:19]}Z"


def sentence(text: str) -> str:
    """First letter large, full stop at the end; nothing stays nothing."""
    text = text.strip()
    end = "" if not text or text[-1] in CLOSED_BY else "."
    return text[:1].upper() + text[1:] + end


def arrived_late(known_at: str, event_time: str) -> bool:
    """Whether it was known a minute or more after it happened; both RFC 3339."""
    return parse_rfc3339(known_at) - parse_rfc3339(event_time) >= LATE_SECONDS * NS_PER_SECOND


def lower_first(text: str) -> str:
    """First letter small, for a place within a sentence."""
    return text[:1].lower() + text[1:]


def listed(parts: list[str]) -> str:
    """`a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
