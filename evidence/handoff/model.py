"""The handoff package: what one incident's owner and approvers receive, as a frozen model.

Two kinds of sentence occur, and every one is of one of them:

- a *claim* states something about the world. It carries a number, and `claims` holds its evidence anchor.
  Known facts, the timeline and the affected scope consist of claims alone; where no evidence had arrived
  by the horizon, the one known fact is that, and it is a derivation.
- a *derivation* states what the pipeline computed or what it did not find (a figure, a gate, an absence).
  No record can show an absence, so that it names the table, moment and column that it follows from instead.
  Where something shows it after all (a catalogue entry without an owner, an export that declares its
  limit), it is a claim.

Text that is not ours (names, log lines, titles) stands between “ and ” in a sentence, redacted, on one line,
with invisible characters made visible. The wording check reads what is outside these marks.
"""

from __future__ import annotations

from operator import not_
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from expectations.tables.decision import MODES, OPTIONS
from expectations.tables.handoff import CLAIM_SECTIONS

FORMAT: Literal["incident-evidence/handoff"] = "incident-evidence/handoff"
SCHEMA_VERSION: Literal["2.1.0"] = "2.1.0"

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0)]
ClaimNumber = Annotated[int, Field(ge=1)]
Mode = Literal["automatic", "policy_gated", "approval_required"]
Option = Literal["monitor", "enrich", "escalate", "contain", "revoke", "rotate", "isolate", "notify"]
GuardVerdict = Literal["holds", "broken", "not_evaluable"]
Section = Literal["affected_scope", "guardrails", "known_facts", "recommendation", "timeline", "unknowns"]


class Frozen(BaseModel):
    """A part of the package: immutable, and nothing unknown in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Anchor(Frozen):
    """Where the raw bytes of a claim lie and what they must say; see `evidence.anchors`."""

    path: str = Field(description="File below the incidents folder.")
    file_sha256: Digest = Field(description="SHA-256 of the file as it lies on disk.")
    ordinal: Count = Field(description="Position of the record in the file, from 0.")
    byte_offset: Count = Field(description="Offset of the record, in decompressed bytes.")
    byte_length: Count = Field(description="Length of the record in bytes.")
    record_sha256: Digest = Field(description="SHA-256 of the record's raw bytes.")
    pointer: str = Field(description="JSON Pointer of the field; empty for the whole record.")
    value_sha256: Digest = Field(description="SHA-256 of the field's canonical JSON; of the bytes when raw.")
    encoding: Literal["json", "raw"] = Field(description="How the value is read out of the record.")


class Claim(Frozen):
    """A sentence about the world and the evidence that proves it."""

    claim: ClaimNumber = Field(description="Number within the package.")
    section: Section = Field(description="Section of the package that states it first.")
    sentence: str
    source: str = Field(description="Tool that wrote the record, or 'catalogue'.")
    event_id: str | None = Field(description="Event in intake.evidence_events; null for a catalogue entry.")
    entity_ref: str | None = Field(description="Catalogue entry; null for an event.")
    known_at: str | None = Field(description="When it had arrived; null for a catalogue entry.")
    is_after_decision: bool = Field(description="Arrived after the decision: for draft record and gaps.")
    anchor: Anchor


class Carried(Frozen):
    """A sentence that claims carry or, where no record can show it, the place it is derived from."""

    @model_validator(mode="after")
    def _rests_on_something(self) -> Self:
        if not (said := dict(self))["claims"] and not said["derived_from"]:
            raise ValueError(f"neither a claim nor a derivation carries: {said['sentence']}")
        return self


class Statement(Carried):
    """A sentence with the claims that carry it, or the place it is derived from."""

    sentence: str
    claims: tuple[ClaimNumber, ...] = ()
    derived_from: str = Field(default="", description="Table, moment and column; empty when claims carry it.")


class Fact(Carried):
    """A known fact: a named property of the incident with the claims that prove it."""

    name: str = Field(description="State column, service within reach, or rule that hit.")
    group: str
    label: str
    value: str
    sentence: str
    claims: tuple[ClaimNumber, ...]
    derived_from: str = Field(default="", exclude_if=not_, description="Only that nothing had arrived.")


class TimelineEntry(Frozen):
    """What became known, in order of arrival; several records of one kind are one entry."""

    known_at: str
    event_time: str
    source: str
    kind: str
    sentence: str
    claim: ClaimNumber
    record_count: Annotated[int, Field(ge=1)]
    is_after_decision: bool = False


class Unknown(Carried):
    """Something that is not known, why it matters and how to find out."""

    name: str
    sentence: str
    is_decisive: bool = Field(
        description="The recommendation, or an action that enough speaks for, waits for it."
    )
    why_it_matters: str
    how_to_find_out: str
    claims: tuple[ClaimNumber, ...] = ()
    derived_from: str = ""
    is_after_decision: bool = Field(default=False, exclude_if=not_, description="A gap that was seen later.")


class Figure(Frozen):
    """One of the three figures, on its own scale; never mixed with another."""

    name: Literal["severity", "confidence", "impact"]
    value: int | None = Field(description="Null when no source stated it.")
    maximum: int
    word: str
    meaning: str
    basis: tuple[Statement, ...]


class Owner(Frozen):
    """Who receives the package: the owner, or the fallback of the escalation policy, which is then said."""

    addressee: str
    is_fallback: bool
    sentence: str
    slack_channel: str | None
    escalation_policy: str | None
    claims: tuple[ClaimNumber, ...] = ()
    derived_from: str = ""


class Approver(Frozen):
    """A role that must approve, and who holds it by the approver map."""

    role: str
    title: str
    duty: str = Field(description="What the role answers for, by the approver map.")
    contact: str


class Approval(Frozen):
    """The approval boundary of the recommended action."""

    mode: Mode
    sentence: str
    approvers: tuple[Approver, ...]
    reasons: tuple[str, ...]


class Reason(Frozen):
    """Why a rule supports the recommendation, with the claims that made it match."""

    rule: str
    sentence: str
    claims: tuple[ClaimNumber, ...] = ()
    derived_from: str = ""


class Recommendation(Frozen):
    """The recommended response. Recommended only: the package carries nothing out."""

    option: Option
    action: str
    title: str
    target: str | None
    disposition: str | None
    sentence: str
    is_active: bool
    basis: Literal["committed", "standing"]
    moment: int
    decided_at: str
    seconds_from_first_signal: int | None
    reasons: tuple[Reason, ...]


class Gate(Frozen):
    """One condition on the way to an active action."""

    name: Literal["effect", "context", "confidence", "preconditions", "policy"]
    is_passed: bool
    detail: str


class Candidate(Frozen):
    """One action as it stood at the decision: its figures and the gates it passed or failed."""

    action: str
    title: str
    target: str | None
    is_active: bool
    rung: Count
    effect_points: int
    need_points: int
    matched_rules: tuple[str, ...]
    gates: tuple[Gate, ...]
    mode: Mode
    approvers: tuple[str, ...]
    execution_model: str
    is_chosen: bool
    lost_because: str


class OptionRow(Frozen):
    """One of the eight options with its best action and the others behind it."""

    option: Option
    best: Candidate
    others: tuple[Candidate, ...]


class Guardrail(Frozen):
    """A guardrail of the recommended or preferred action: held, broken, or not evaluable and why."""

    name: str
    action: str
    sentence: str
    verdict: GuardVerdict
    reason: str
    claims: tuple[ClaimNumber, ...] = ()
    derived_from: str = ""


class PolicyVerdict(Frozen):
    """What a policy says to the proposed change."""

    policy: str
    action: str
    verdict: Literal["allow", "denied", "needs_approval"]
    messages: tuple[str, ...]
    unknown_inputs: tuple[str, ...]


class FillIn(Frozen):
    """A value that the evidence does not hold, and what holds its place in a proposal's text."""

    what: str
    stands_as: str = Field(description="As written in the text, which stays valid in its format.")


class Request(Frozen):
    """The proposal as the body that an automation takes: inert text in that tool's own format, never sent."""

    tool: str
    format: str
    media_type: Literal["application/json"] = "application/json"
    text: str
    to_fill_in: tuple[FillIn, ...] = Field(default=(), description="What must be filled in before its use.")
    executed: Literal[False] = False


class Proposal(Frozen):
    """The proposed change as inert text in the tool's own format, valid as it stands."""

    action: str
    acts_on: str | None = Field(description="The object that the text would change.")
    format: str
    media_type: str
    execution_model: str
    text: str
    checks: tuple[str, ...] = Field(description="What to see for oneself before the text is used.")
    undo: str
    to_fill_in: tuple[FillIn, ...] = Field(description="What must be filled in before the text is used.")
    requests: tuple[Request, ...] = Field(default=(), description="The same for the tools that would do it.")
    executed: Literal[False] = False


class Contingency(Frozen):
    """If this, then that."""

    condition: str
    response: str


class Link(Frozen):
    """A link into a source's own UI, made from the settings' templates only."""

    label: str
    url: str = Field(pattern=r"^https://")


class Milestone(Frozen):
    """A time that people recorded afterwards."""

    name: str
    at: str | None
    basis: str


class IncidentRecord(Frozen):
    """The draft of the post-incident record: for people to edit, not to rebuild."""

    status: Literal["draft"] = "draft"
    summary: str
    milestones: tuple[Milestone, ...]
    recorded_response: str
    timeline: tuple[TimelineEntry, ...]
    later_more_count: Count = Field(description="Further groups of later records, less telling, not listed.")
    later_recommendation: str
    questions: tuple[str, ...]


class Governance(Frozen):
    """What a package never does. The boundary is held by an audit hook on the run, not only printed."""

    backend_exposure: Literal[False] = False
    cloud_provider_integration: Literal[False] = False
    siem_integration: Literal[False] = False
    ticketing_integration: Literal[False] = False
    alert_pipeline: Literal[False] = False
    live_log_ingestion: Literal[False] = False
    customer_data_access: Literal[False] = False
    live_detector_execution: Literal[False] = False
    live_response_execution: Literal[False] = False
    containment_execution: Literal[False] = False
    ticket_creation: Literal[False] = False
    notification_execution: Literal[False] = False
    runtime_mutation: Literal[False] = False
    production_enforcement_claim: Literal[False] = False


class Inputs(Frozen):
    """What the package was made from."""

    states_sha256: Digest = Field(description="Digest of the incident's rows of enrichment.incident_states.")
    evidence_sha256: Digest = Field(description="Digest of the incident's record digests, sorted.")
    bundle_sha256: Digest = Field(description="Digest of the playbook bundle.")
    bundle_name: str
    record_count: Count
    event_count: Count
    sources: tuple[str, ...]


class Package(Frozen):
    """A ticket-ready handoff for one incident. Nothing in it depends on when or where the run took place."""

    format: Literal["incident-evidence/handoff"] = FORMAT
    schema_version: Literal["2.1.0"] = SCHEMA_VERSION
    incident_id: str
    title: str
    as_of: str = Field(
        description="Moment of the decision; later evidence is in incident_record, and as gaps."
    )
    recommendation: Recommendation
    requested_action: str
    approval: Approval
    owner: Owner
    next_review_step: str
    severity: Figure
    confidence: Figure
    impact: Figure
    affected_scope: tuple[Fact, ...]
    affected_services: tuple[Fact, ...]
    known_facts: tuple[Fact, ...]
    unknowns: tuple[Unknown, ...]
    timeline: tuple[TimelineEntry, ...]
    timeline_more_count: Count = Field(description="Further groups of records, less telling, not listed.")
    options: tuple[OptionRow, ...] = Field(min_length=len(OPTIONS), max_length=len(OPTIONS))
    guardrails: tuple[Guardrail, ...]
    policy_verdicts: tuple[PolicyVerdict, ...]
    proposal: Proposal
    contingencies: tuple[Contingency, ...]
    links: tuple[Link, ...]
    incident_record: IncidentRecord
    governance: Governance = Governance()
    inputs: Inputs
    claims: tuple[Claim, ...]
    claims_sha256: Digest

    @model_validator(mode="after")
    def _every_reference_has_a_claim(self) -> Self:
        numbers = [claim.claim for claim in self.claims]
        if numbers != list(range(1, len(numbers) + 1)):
            raise ValueError("claims are not numbered from 1 without a gap")
        return self


# The literals above are for the schema; these hold them to the tables' own lists.
assert Mode.__args__ == MODES and Option.__args__ == OPTIONS and Section.__args__ == CLAIM_SECTIONS  # type: ignore[attr-defined]
