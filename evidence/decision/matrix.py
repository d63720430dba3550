"""Owns the action matrix: what each action reaches, how it is undone, who approves and who carries it out.

Scope, undo, mode and option are ordered vocabularies: the order of their members is the order of risk.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from expectations.tables.enrichment import STATE_COLUMNS

Word = Annotated[str, Field(strict=True, pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Slug = Annotated[str, Field(strict=True, pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
Sentence = Annotated[str, Field(strict=True, min_length=1, max_length=400)]
ConditionText = Annotated[str, Field(strict=True, min_length=1, max_length=2000)]
Percent = Annotated[int, Field(strict=True, ge=0, le=100)]
Count = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]

ALSO_MAX = 3  # clauses per action that may add approvers: their combination is part of a packed code


class Option(StrEnum):
    """The eight response options, in the order in which they are shown."""

    MONITOR = "monitor"
    ENRICH = "enrich"
    ESCALATE = "escalate"
    CONTAIN = "contain"
    REVOKE = "revoke"
    ROTATE = "rotate"
    ISOLATE = "isolate"
    NOTIFY = "notify"


class Scope(StrEnum):
    """What an action itself changes, from least reach to most."""

    NONE = "none"
    POD = "pod"
    WORKLOAD = "workload"
    NODE = "node"
    SERVICE = "service"
    IDENTITY = "identity"
    ACCOUNT = "account"


class Undo(StrEnum):
    """How an action is taken back, from easiest to never."""

    REVERSIBLE = "reversible"
    COMPENSABLE = "compensable"
    IRREVERSIBLE = "irreversible"


class Mode(StrEnum):
    """How an action may begin, from least to most demanding."""

    AUTOMATIC = "automatic"
    POLICY_GATED = "policy_gated"
    APPROVAL_REQUIRED = "approval_required"


class Execution(StrEnum):
    """The machinery that would carry an action out; none for what only drafts or reads."""

    GITOPS_ROLLBACK = "gitops_rollback"
    IAC_PIPELINE = "iac_pipeline"
    IDENTITY_WORKFLOW = "identity_workflow"
    OPERATOR = "operator"
    NONE = "none"


SCOPES, UNDOS, MODES = tuple(Scope), tuple(Undo), tuple(Mode)
MODE_WORDS = {
    Mode.AUTOMATIC: "automatic",
    Mode.POLICY_GATED: "policy-gated",
    Mode.APPROVAL_REQUIRED: "approval required",
}
PASSIVE_OPTIONS = (Option.MONITOR, Option.ENRICH, Option.ESCALATE, Option.NOTIFY)
# On equal points the option that involves more people wins: the reverse would hide an incident.
PASSIVE_PRECEDENCE = (Option.MONITOR, Option.ENRICH, Option.NOTIFY, Option.ESCALATE)
BOUNDED_OPTIONS = (Option.ENRICH, Option.ESCALATE)  # all that incomplete context leaves


class Frozen(BaseModel):
    """A part of a bundle: immutable, no unknown keys, no silent conversion of scalars."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Precondition(Frozen):
    """A condition that must be known to be true before an action is admissible."""

    id: Slug
    that: ConditionText


class AlsoApprovers(Frozen):
    """Roles that must approve as well, unless `when` is known to be false."""

    id: Slug
    when: ConditionText
    approvers: Annotated[tuple[Word, ...], Field(min_length=1)]


class Guardrail(Frozen):
    """A promise about an action: held by a precondition, or declared not evaluable with the reason."""

    id: Slug
    text: Sentence
    held_by: Slug | None = None
    not_evaluable: Sentence | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.held_by is None) == (self.not_evaluable is None):
            raise ValueError(
                "a guardrail names either the precondition that holds it or why it is not evaluable"
            )
        return self


class Request(Frozen):
    """What a policy sees of the proposed change, in the words of an admission request."""

    kind: Annotated[str, Field(strict=True, pattern=r"^[A-Z][A-Za-z]*$")]
    operation: Annotated[str, Field(strict=True, pattern=r"^(CREATE|UPDATE|DELETE)$")]


class Action(Frozen):
    """One row of the matrix: passive (scope none), or active with floors, a request and a target."""

    option: Option
    scope: Scope
    undo: Undo
    mode: Mode
    reason: Sentence
    approvers: tuple[Word, ...] = ()
    executes: Execution = Execution.NONE
    floor: Percent | None = None
    auto_from: Percent | None = None
    auto_blast: Count | None = None
    request: Request | None = None
    target: tuple[Word, ...] = ()
    needs: tuple[Precondition, ...] = ()
    also: Annotated[tuple[AlsoApprovers, ...], Field(max_length=ALSO_MAX)] = ()
    guardrails: tuple[Guardrail, ...] = ()

    @property
    def is_active(self) -> bool:
        """It changes a running system."""
        return self.scope is not Scope.NONE

    @model_validator(mode="after")
    def _fits_its_scope(self) -> Self:
        gates = (self.floor, self.auto_from, self.auto_blast, self.request)
        if self.is_active:
            self._check_active(gates)
        elif any(gate is not None for gate in gates) or self.needs or self.also or self.guardrails:
            raise ValueError("a passive action (scope none) has no floor, precondition, policy or guardrail")
        elif self.option not in PASSIVE_OPTIONS:
            raise ValueError(f"{self.option} changes a running system: its scope cannot be none")
        if self.mode is not Mode.AUTOMATIC and not self.approvers:
            raise ValueError(f"mode {self.mode} needs approvers")
        return self

    def _check_active(self, gates: tuple[object, ...]) -> None:
        if any(gate is None for gate in gates) or not self.target:
            raise ValueError("an active action needs floor, auto_from, auto_blast, request and target")
        if not self.approvers:
            raise ValueError("an active action needs approvers: its mode can rise to approval_required")
        if self.option in PASSIVE_OPTIONS:
            raise ValueError(f"{self.option} changes nothing: its scope must be none")
        if self.executes is Execution.NONE:
            raise ValueError("an active action needs an execution model")
        if self.auto_from is not None and self.floor is not None and self.auto_from < self.floor:
            raise ValueError("auto_from below floor would never be asked")

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        _refuse_repeats("precondition", [need.id for need in self.needs])
        _refuse_repeats("also clause", [also.id for also in self.also])
        for guardrail in self.guardrails:
            if guardrail.held_by and guardrail.held_by not in {need.id for need in self.needs}:
                raise ValueError(
                    f"guardrail {guardrail.id} names {guardrail.held_by}, which is no precondition here"
                )
        for also in self.also:
            others = {role for each in self.also if each is not also for role in each.approvers}
            if not set(also.approvers) - set(self.approvers) - others:
                raise ValueError(f"also {also.id} adds no role of its own")
        for column in self.target:
            if column not in TARGET_COLUMNS:
                raise ValueError(f"the target {column} is not a text column of the incident states")
        return self


TARGET_COLUMNS = frozenset(column.name for column in STATE_COLUMNS if column.type.value == "text")


def ladder(actions: Mapping[str, Action]) -> tuple[str, ...]:
    """Active actions from the lowest rung (rung 1) up: by scope, then undo, then declaration; never a tie."""
    active = [name for name, action in actions.items() if action.is_active]
    return tuple(sorted(active, key=lambda name: _risk(actions[name])))


def required_approvers(action: Action, also_mask: int) -> tuple[str, ...]:
    """Roles that must approve when the also clauses of `also_mask` (bit j = clause j) apply, sorted."""
    roles = set(action.approvers)
    for bit, also in enumerate(action.also):
        if also_mask >> bit & 1:
            roles |= set(also.approvers)
    return tuple(sorted(roles))


def _risk(action: Action) -> tuple[int, int]:
    # sorted() is stable, so that equal risk keeps the order of declaration.
    return SCOPES.index(action.scope), UNDOS.index(action.undo)


def _refuse_repeats(what: str, ids: list[str]) -> None:
    repeated = sorted({each for each in ids if ids.count(each) > 1})
    if repeated:
        raise ValueError(f"the {what} {repeated[0]} is repeated")
