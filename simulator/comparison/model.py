"""Owns what a comparison says: what two playbook versions decide otherwise, and why, as a frozen model.

A *changed decision* (action, mode, approvers or moment of the decision of record) and a *changed path*
(recommendations on the way, with the same decision at the end) are different things, and so is a
difference that is *cosmetic*: the same decision and path, of which something else is said. Times are
RFC 3339 in UTC, durations whole seconds.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from evidence.decision.policies import Verdict
from evidence.handoff.model import Digest, Mode, Option
from simulator.comparison.detection_model import DetectionComparison
from simulator.comparison.summary_model import Summary
from simulator.policies.policy_model import PolicyComparison
from simulator.record_anchors import RecordAnchor
from simulator.report_parts import Count, Frozen
from simulator.weakening.findings import Finding

FORMAT: Literal["incident-evidence/comparison"] = "incident-evidence/comparison"
SCHEMA_VERSION: Literal["1.3.0"] = "1.3.0"


class ChangeKind(StrEnum):
    """What about an incident changed, from most to least."""

    DECISION = "decision"
    PATH = "path"
    COSMETIC = "cosmetic"


class ChangeClass(StrEnum):
    """What a change means, in the order in which a reviewer has to look; the first that fits names it."""

    APPROVAL_WEAKENING = "approval-weakening"
    RISKIER = "riskier"
    ABORTED_BY_POLICY = "aborted-by-policy"
    SAFER = "safer"
    APPROVAL_STRENGTHENING = "approval-strengthening"
    LATERAL = "lateral"
    TIMING = "timing"
    COSMETIC = "cosmetic"


class LabelEffect(StrEnum):
    """What a change does to the agreement with the reviewer's label."""

    FIXES = "fixes"
    REGRESSES = "regresses"
    STILL_RIGHT = "still-right"
    STILL_WRONG = "still-wrong"
    UNLABELLED = "unlabelled"


class BundleRef(Frozen):
    """One side of a comparison."""

    reference: str = Field(description="As it was asked for: a folder, or git:REF.")
    name: str
    digest: Digest
    rule_count: Count
    action_count: Count


class HistoryRef(Frozen):
    """What was replayed."""

    digest: Digest = Field(description="SHA-256 over the states and incidents that were replayed.")
    incident_count: Count
    as_of: str | None = Field(description="Only what was known by then was replayed; null: all.")
    has_horizons: bool = Field(
        description="False where the history does not say when people acted: then every moment counts."
    )
    is_generated: bool = Field(
        default=False, description="True where `evidence generate` invented the incidents, labels included."
    )


class VerdictChange(Frozen):
    """Recorded proposals of one action of which a policy says otherwise than before."""

    action: str
    old: Verdict
    new: Verdict
    incident_ids: tuple[str, ...]


class ClauseChange(Frozen):
    """One clause in which the two bundles differ."""

    id: str
    kind: str
    old: str | None = Field(description="Null where the baseline has no such clause.")
    new: str | None = Field(description="Null where the candidate has no such clause.")
    can_decide: bool = Field(
        description="False where no decision's action, mode, approvers or moment can change by it: words, "
        "contacts, target, execution model, guardrails, disposition, and every order but that of actions."
    )
    diff: tuple[str, ...] = Field(
        default=(), description="Of a policy: the lines of a unified diff of its text and declared inputs."
    )
    verdicts: tuple[VerdictChange, ...] = Field(
        default=(),
        description="Of a policy: the recorded proposals on which its verdict differs, as of each playbook's "
        "own decision on the incident; of a large history only incidents that are listed are looked at.",
    )


class Redirected(Frozen):
    """Who is asked instead of whom for the same roles."""

    roles: tuple[str, ...]
    owner: str | None = Field(description="Group whose services it concerns; null: all without an entry.")
    old: str = Field(description="Contact under the baseline.")
    new: str = Field(description="Contact under the candidate.")


class StaticWeakening(Frozen):
    """An approval, an approver or a safety that the candidate gives up, in whatever state."""

    id: str = Field(description="Name by which --allow lets it pass.")
    action: str = Field(description="The actions concerned, with commas between them.")
    kind: str
    finding: Finding
    what: str
    witness: str = Field(description="A state in which it shows; empty where every state does.")
    redirected: Redirected | None = Field(description="Null unless an approver is redirected.")
    is_approval: bool = Field(description="An approval or an approver: fails unless it is allowed by name.")
    is_allowed: bool = Field(description="Allowed by name on the command line.")


class Decided(Frozen):
    """The decision of record under one bundle."""

    option: Option
    action: str
    target: str | None
    mode: Mode
    approvers: tuple[str, ...]
    basis: Literal["committed", "standing"]
    moment: Count
    decided_at: str
    time_to_decision_seconds: int | None = Field(description="From the first signal.")
    severity: int | None
    confidence: int
    impact: int
    effect_points: int
    matched_rules: tuple[str, ...]
    missing_context: tuple[str, ...]
    unknowns: tuple[str, ...]
    preferred_action: str | None = Field(
        description="What would have been chosen but for policy; null where policy changed nothing."
    )


class Parting(Frozen):
    """The first moment at which the two recommend differently."""

    known_at: str
    baseline_action: str | None = Field(description="Null before the baseline recommends anything.")
    baseline_mode: Mode | None
    baseline_approvers: tuple[str, ...] = Field(
        description="Who must approve it; none where it is automatic."
    )
    candidate_action: str | None = Field(description="Null before the candidate recommends anything.")
    candidate_mode: Mode | None
    candidate_approvers: tuple[str, ...]
    is_hindsight: bool = Field(description="It lies after the horizon, so that no decision depends on it.")


class Responsibility(Frozen):
    """Which clauses turn the old decision into the new one."""

    minimal_sets: tuple[tuple[str, ...], ...] = Field(
        description="Each a set of clause ids that suffices and of which none can be left out."
    )
    necessary: tuple[str, ...] = Field(description="Clauses without which the candidate decides otherwise.")
    is_exhaustive: bool = Field(description="False where there were too many clauses to try every set.")


class ClauseEvidence(Frozen):
    """The record behind one column that a responsible clause reads, at the moment of the new decision."""

    clause: str
    column: str
    source: str = Field(description="Tool that wrote the record, or 'catalogue'.")
    known_at: str | None
    anchor: RecordAnchor


class Change(Frozen):
    """One incident on which the two bundles differ."""

    incident_id: str
    title: str
    kind: ChangeKind
    classes: tuple[ChangeClass, ...] = Field(
        description="All that fit, the one that names it first; none for a change of the path alone."
    )
    reasons: tuple[str, ...] = Field(description="One sentence per class.")
    baseline: Decided
    candidate: Decided
    demanded_mode: Mode | Literal["denied"] | None = Field(
        description="What the baseline demands for the candidate's action in that state; null: it has none."
    )
    demanded_approvers: tuple[str, ...] = Field(
        description="Roles that must agree to it there; none where the baseline lets it begin automatically."
    )
    parting: Parting | None = Field(description="Null where both recommend the same all along.")
    label: LabelEffect
    expected_option: Option | None = Field(description="What the reviewer says would have been right.")
    responsible: Responsibility | None = Field(description="Null where attribution was not asked for.")
    evidence: tuple[ClauseEvidence, ...] = Field(
        description="Empty where the history came without its evidence."
    )

    @property
    def change_class(self) -> ChangeClass | None:
        """The class that names the change; None where only the path changed."""
        return self.classes[0] if self.classes else None


class Comparison(Frozen):
    """The answer to: if we change this playbook, which past incidents would have been decided differently?"""

    format: Literal["incident-evidence/comparison"] = FORMAT
    schema_version: Literal["1.3.0"] = SCHEMA_VERSION
    baseline: BundleRef
    candidate: BundleRef
    history: HistoryRef
    clauses: tuple[ClauseChange, ...]
    weakenings: tuple[StaticWeakening, ...]
    changed: tuple[Change, ...] = Field(description="By incident; those on which both agree are left out.")
    summary: Summary
    detections: DetectionComparison | None = Field(
        default=None, description="What the rules do; null where both sides have the same ones."
    )
    policies: PolicyComparison | None = Field(
        default=None,
        description="Proposals that policies judge otherwise; null where both sides have the same policies.",
    )
