"""Turns a recommended action into inert text in the tool's own format; nothing here carries anything out."""

from __future__ import annotations

from collections.abc import Callable

from evidence.handoff.model import Proposal
from evidence.handoff.proposals import (
    cloud_resources,
    credentials,
    gitops_rollback,
    identities,
    messages,
    network_policy,
    node_drain,
    queries,
    role_sessions,
    workloads,
)
from evidence.handoff.proposals.requests import requests_for
from evidence.handoff.proposals.subject import Brief, Draft, HelmRelease, Subject, Workload

Drafter = Callable[[Subject], Draft]

DRAFTERS: dict[str, Drafter] = {
    "keep_watching": messages.watch,
    "gather_logs_and_traces": queries.gather,
    "collect_diagnostics": queries.diagnose,
    "request_missing_context": messages.for_missing_context,
    "draft_for_owner": messages.for_owner,
    "draft_for_customer_legal_compliance": messages.for_customer_legal_compliance,
    "hand_to_incident_commander": messages.for_commander,
    "open_incident_channel": messages.for_channel,
    "restart_stateless_pod": workloads.restart,
    "restart_failed_job": workloads.rerun_job,
    "scale_replica_set": workloads.scale,
    "roll_back_release": gitops_rollback.roll_back,
    "close_public_exposure": cloud_resources.close_exposure,
    "delete_resource": cloud_resources.delete_resource,
    "isolate_workload": network_policy.isolate,
    "change_network_policy": network_policy.restrict_egress,
    "block_egress": network_policy.block_egress,
    "cordon_and_drain_node": node_drain.cordon_and_drain,
    "revoke_temporary_credential": role_sessions.revoke_sessions,
    "deactivate_access_key": credentials.deactivate_access_key,
    "disable_human_identity": identities.disable_human,
    "revoke_broad_permissions": identities.narrow_permissions,
    "rotate_secret": credentials.rotate_secret,
    "rotate_long_lived_key": credentials.rotate_access_key,
}


def propose(subject: Subject) -> Proposal:
    """The proposal for the subject's action; an action that is unknown here becomes a request in words."""
    proposal = DRAFTERS.get(subject.action, messages.generic)(subject).proposal(subject)
    return proposal.model_copy(update={"requests": requests_for(subject, proposal)})


__all__ = ["DRAFTERS", "Brief", "HelmRelease", "Subject", "Workload", "propose"]
