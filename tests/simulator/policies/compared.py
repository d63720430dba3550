"""Owns a made-up comparison of policies: small, whole and consistent."""

from __future__ import annotations

from evidence.decision.policies import Verdict
from simulator.policies.decision_model import DecisionAnchor, Difference, Reason, Value
from simulator.policies.policy_model import (
    PolicyChange,
    PolicyComparison,
    PolicyEdit,
    ProposalChange,
    ProposalEffect,
    RecordedChange,
    RecordedDecisions,
)

POLICIES = PolicyComparison(
    baseline="playbooks/policies",
    candidate="git:main:playbooks/policies",
    policies=(
        PolicyChange(
            name="network_policy",
            edit=PolicyEdit.CHANGED,
            old_digest="6" * 64,
            new_digest="7" * 64,
            effects={ProposalEffect.NEWLY_ALLOWED: 1, ProposalEffect.NEWLY_DENIED: 1},
            incident_count=2,
        ),
        PolicyChange(
            name="rollback_freeze",
            edit=PolicyEdit.ADDED,
            old_digest=None,
            new_digest="8" * 64,
            effects={},
            incident_count=0,
        ),
    ),
    incident_count=12,
    proposal_count=9,
    effects={ProposalEffect.NEWLY_ALLOWED: 1},
    unproposed_count=3,
    changes=(
        ProposalChange(
            incident_id="inc-0003",
            action="change_network_policy",
            policy="network_policy",
            effect=ProposalEffect.NEWLY_ALLOWED,
            old=Verdict.DENIED,
            new=Verdict.NEEDS_APPROVAL,
            all_old=Verdict.DENIED,
            all_new=Verdict.NEEDS_APPROVAL,
            first_at="2026-01-14T09:18:15Z",
            last_at="2026-01-14T09:25:15.500Z",
            moment_count=4,
            decisive_count=2,
            decisive_at="2026-01-14T09:20:15Z",
            is_at_baseline_decision=False,
            is_at_candidate_decision=True,
            is_decision_changed=True,
            shown_at="2026-01-14T09:20:15Z",
            inputs={"environment": "production", "is_stateful": None, "is_customer_facing": False},
            old_messages=("production is not <b>touched</b>",),
            new_messages=("a change needs an `approved-by` label",),
        ),
        ProposalChange(
            incident_id="inc-0004",
            action="block_egress",
            policy="network_policy",
            effect=ProposalEffect.NEWLY_DENIED,
            old=Verdict.ALLOW,
            new=Verdict.DENIED,
            all_old=Verdict.DENIED,
            all_new=Verdict.DENIED,
            first_at="2026-01-15T10:00:00Z",
            last_at="2026-01-15T10:00:00Z",
            moment_count=1,
            decisive_count=0,
            decisive_at=None,
            is_at_baseline_decision=False,
            is_at_candidate_decision=False,
            is_decision_changed=False,
            shown_at="2026-01-15T10:00:00Z",
            inputs={},
            old_messages=(),
            new_messages=("egress stays open",),
        ),
    ),
    recorded=RecordedDecisions(
        decision_count=4,
        changed_count=1,
        not_replayable_count=1,
        reasons={Reason.ERASED: 1},
        changes=(
            RecordedChange(
                incident_id="inc-0003",
                decision_id="5dc04387-08ff-46ba-aa6b-1cf37fc27ed5",
                path="incidentresponse/deny",
                recorded=Value(is_defined=True, value=["production is not touched"]),
                old=Value(is_defined=True, value=["production is not touched"]),
                new=Value(is_defined=True, value=[]),
                differences=(
                    Difference(
                        pointer="/0",
                        recorded=Value(is_defined=True, value="production is not touched"),
                        new=Value(is_defined=False),
                    ),
                ),
                anchor=DecisionAnchor(
                    path="incidents/inc-1/opa.json",
                    file_sha256="a" * 64,
                    ordinal=3,
                    byte_offset=120,
                    byte_length=80,
                    record_sha256="b" * 64,
                ),
            ),
        ),
    ),
)
