"""Owns what a comparison says of policies: which changed, and which proposals they newly deny or allow.

A *proposal* is an active action whose points are enough at some moment up to the horizon. It is *decisive*
at a moment when nothing but policy stands in its way: context, confidence and preconditions are there. Times
are RFC 3339 in UTC.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from evidence.decision.policies import Verdict
from evidence.handoff.model import Digest
from simulator.policies.decision_model import DecisionAnchor, Difference, Reason, Value
from simulator.report_parts import Count, Frozen


class PolicyEdit(StrEnum):
    """What became of a policy."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class ProposalEffect(StrEnum):
    """What a change of verdict means for a proposal, from what a reviewer must look at first."""

    NEWLY_ALLOWED = "newly-allowed"
    NEWLY_DENIED = "newly-denied"
    NEWLY_NEEDS_APPROVAL = "newly-needs-approval"


class PolicyChange(Frozen):
    """One policy in which the two sides differ; the lines that differ stand with its clause."""

    name: str
    edit: PolicyEdit
    old_digest: Digest | None = Field(description="Null where the policy is added.")
    new_digest: Digest | None = Field(description="Null where the policy is removed.")
    effects: dict[ProposalEffect, Count] = Field(
        description="Incident and action pairs whose verdict by this policy changes at some moment."
    )
    incident_count: Count
    failing_count: Count = Field(
        description="Incident and action pairs among them on which it fails now, which counts as a denial. "
        "Since 1.3.0."
    )


class ProposalChange(Frozen):
    """One proposal of which one policy says otherwise than before."""

    incident_id: str
    action: str
    policy: str
    effect: ProposalEffect
    old: Verdict
    new: Verdict
    all_old: Verdict = Field(description="The strictest verdict of all policies of the baseline.")
    all_new: Verdict = Field(description="The strictest verdict of all policies of the candidate.")
    first_at: str = Field(description="First moment at which it is a proposal and the verdicts differ.")
    last_at: str
    moment_count: Count = Field(description="Such moments, up to the horizon.")
    failing_count: Count = Field(
        description="Those of them at which the candidate's policy fails, which counts as a denial. "
        "Since 1.3.0."
    )
    decisive_count: Count = Field(
        description="Those of them at which nothing but policy stands in its way, on one side at least."
    )
    decisive_at: str | None = Field(description="The first of those; null where there is none.")
    is_at_baseline_decision: bool = Field(
        description="The verdicts differ at the baseline's decision of record."
    )
    is_at_candidate_decision: bool = Field(
        description="The verdicts differ at the candidate's decision of record."
    )
    is_decision_changed: bool = Field(description="The incident's decision of record changes.")
    shown_at: str = Field(description="The moment whose input and sentences are given: the first decisive.")
    inputs: dict[str, bool | str | None] = Field(
        description="The declared inputs that the policy saw at that moment; null where it was unknown."
    )
    old_messages: tuple[str, ...] = Field(description="What the baseline's policy said; none: it allows.")
    new_messages: tuple[str, ...]


class RecordedChange(Frozen):
    """A decision that OPA logged of these policies, and that they answer otherwise than before."""

    incident_id: str
    decision_id: str
    path: str
    recorded: Value
    old: Value = Field(description="What the baseline's policies say.")
    new: Value = Field(description="What the candidate's policies say.")
    differences: tuple[Difference, ...] = Field(description="Of old and new, by pointer.")
    anchor: DecisionAnchor


class RecordedDecisions(Frozen):
    """Decisions that OPA logged at a path of these policies, replayed with either side."""

    decision_count: Count
    changed_count: Count = Field(description="Those that the two sides answer otherwise.")
    not_replayable_count: Count
    reasons: dict[Reason, Count]
    changes: tuple[RecordedChange, ...] = Field(description="By incident, file and place; the first of many.")


class PolicyComparison(Frozen):
    """What the policies of two sides say of the proposals in history."""

    baseline: str = Field(description="Where the policies come from, as it was asked for.")
    candidate: str
    policies: tuple[PolicyChange, ...] = Field(description="By name; those that are the same are left out.")
    incident_count: Count = Field(
        description="Incidents looked at: all, or of a large history those that are listed."
    )
    proposal_count: Count = Field(description="Incident and action pairs that are a proposal at some moment.")
    effects: dict[ProposalEffect, Count] = Field(
        description="Incident and action pairs by what all policies together say otherwise at some moment."
    )
    unproposed_count: Count = Field(
        description="Further incident and action pairs on which policies differ, that no moment proposes."
    )
    changes: tuple[ProposalChange, ...] = Field(description="By incident, action, policy and verdicts.")
    recorded: RecordedDecisions | None = Field(
        description="Null where no decision log of the history names a path of these policies."
    )
