"""Owns playbook bundles: reading one from its folder, strictly, and its identity by content.

A bundle is `playbook.yaml`, `approvers.yaml`, the policies and detections that it names and its own test
cases. Its digest covers what can change a decision or what is said about one: comments, layout, file names
and test cases do not count in YAML; a policy's source counts byte for byte.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from evidence.decision.approvers import Approvers
from evidence.decision.condition_parser import parse_condition
from evidence.decision.conditions import Condition
from evidence.decision.matrix import (
    Action,
    ConditionText,
    Frozen,
    Guardrail,
    Mode,
    Option,
    Scope,
    Sentence,
    Slug,
    Word,
    ladder,
)
from evidence.decision.policies import Policy
from evidence.detections.signalling import Detections
from evidence.enrichment.grading import Grading

Points = Annotated[int, Field(strict=True, ge=1, le=1000)]
Path_ = tuple[str | int, ...]
ACTIONS_MAX = 60  # actions are bits of one 64-bit integer in the kernel


class Rule(Frozen):
    """States for which actions gain points, and why."""

    id: Slug
    when: ConditionText
    supports: Annotated[dict[Word, Points], Field(min_length=1)]
    because: Sentence
    disposition: Literal["close"] | None = None


class Escalation(Frozen):
    """A reason to demand at least `mode` of actions of some scopes, unless `when` is known to be false."""

    id: Slug
    when: ConditionText
    mode: Mode
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1)]
    because: Sentence


class LastResorts(Frozen):
    """The passive actions that are left when no rule gives a passive action any points."""

    monitor: Word
    enrich: Word
    missing_context: Word
    escalate: Word


class SignalRules(Frozen):
    """Sigma rules whose hits are signals: where they lie, and from which level on.

    There is no `informational`: by Sigma's own definition such a rule alerts nobody.
    """

    rules: Annotated[str, Field(strict=True, min_length=1)]
    from_level: Literal["low", "medium", "high", "critical"]


class Playbook(Frozen):
    """The content of playbook.yaml."""

    title: Sentence
    need: Annotated[int, Field(strict=True, ge=1, le=100_000)]
    policies: Annotated[str, Field(strict=True, min_length=1)]
    detections: SignalRules | None = None
    grading: Grading
    last_resorts: LastResorts
    escalations: tuple[Escalation, ...] = ()
    actions: Annotated[dict[Word, Action], Field(min_length=1, max_length=ACTIONS_MAX)]
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _has_every_option(self) -> Self:
        for option in Option:
            if not any(action.option is option for action in self.actions.values()):
                raise ValueError(f"no action belongs to {option}: all eight options are always shown")
        return self


class Role(StrEnum):
    """What a condition is for, which says how it is closed and what it may read."""

    RULE = "rule"
    PRECONDITION = "precondition"
    ESCALATION = "escalation"
    ALSO = "also"
    POLICY_INPUT = "policy input"


@dataclass(frozen=True, slots=True)
class Use:
    """One condition of a bundle: its role, the id of what holds it, where it stands and its text."""

    role: Role
    owner: str
    path: Path_
    text: str
    supports: tuple[str, ...] = ()

    @property
    def condition(self) -> Condition:
        """The parsed condition."""
        return parse_condition(self.text)

    @property
    def policy(self) -> str:
        """The policy in whose file it stands; empty for the playbook."""
        return self.owner.partition(".")[0] if self.role is Role.POLICY_INPUT else ""


@dataclass(frozen=True, slots=True)
class GuardrailOf:
    """A guardrail with its action; `precondition` is the text that holds it, NULL when not evaluable."""

    action: str
    id: str
    text: str
    held_by: str | None
    precondition: str | None
    not_evaluable: str | None


@dataclass(frozen=True)
class Bundle:
    """One playbook version. Equal and identified by content; `name` only names it for people."""

    name: str
    playbook: Playbook
    approvers: Approvers
    policies: tuple[Policy, ...]
    detections: Detections | None = None

    @property
    def need(self) -> int:
        """Points that an active action needs."""
        return self.playbook.need

    @property
    def grading(self) -> Grading:
        """Severity, confidence and impact tables, thresholds and ticks."""
        return self.playbook.grading

    @property
    def actions(self) -> Mapping[str, Action]:
        """The action matrix by name, in declared order."""
        return self.playbook.actions

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in declared order."""
        return self.playbook.rules

    @cached_property
    def ladder(self) -> tuple[str, ...]:
        """Active actions from the lowest rung up."""
        return ladder(self.playbook.actions)

    def rung(self, action: str) -> int:
        """Place in the order of risk, from 1; 0 for a passive action."""
        return self.ladder.index(action) + 1 if action in self.ladder else 0

    @cached_property
    def guardrails(self) -> tuple[GuardrailOf, ...]:
        """Every guardrail of the matrix, in declared order."""
        return tuple(
            _guardrail_of(name, action, guardrail)
            for name, action in self.actions.items()
            for guardrail in action.guardrails
        )

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """Every condition of the bundle."""
        return tuple(_uses(self.playbook, self.policies))

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the content in canonical JSON; the order of rules and actions counts."""
        playbook = self.playbook.model_dump(mode="json", exclude={"policies", "detections"})
        playbook["actions"] = list(playbook["actions"].items())
        content = {
            "playbook": playbook,
            "approvers": self.approvers.model_dump(mode="json"),
            "policies": [policy.digest for policy in self.policies],
            **({"detections": self.detections.digest} if self.detections else {}),
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()


def _guardrail_of(name: str, action: Action, guardrail: Guardrail) -> GuardrailOf:
    held = {need.id: need.that for need in action.needs}
    precondition = held[guardrail.held_by] if guardrail.held_by else None
    return GuardrailOf(
        name, guardrail.id, guardrail.text, guardrail.held_by, precondition, guardrail.not_evaluable
    )


def _uses(playbook: Playbook, policies: tuple[Policy, ...]) -> Iterator[Use]:
    for index, rule in enumerate(playbook.rules):
        yield Use(Role.RULE, rule.id, ("rules", index, "when"), rule.when, tuple(rule.supports))
    for index, escalation in enumerate(playbook.escalations):
        yield Use(Role.ESCALATION, escalation.id, ("escalations", index, "when"), escalation.when)
    for name, action in playbook.actions.items():
        for index, need in enumerate(action.needs):
            path: Path_ = ("actions", name, "needs", index, "that")
            yield Use(Role.PRECONDITION, f"{name}.{need.id}", path, need.that, (name,))
        for index, also in enumerate(action.also):
            yield Use(
                Role.ALSO, f"{name}.{also.id}", ("actions", name, "also", index, "when"), also.when, (name,)
            )
    for policy in policies:
        for name, declared in policy.declaration.inputs.items():
            if declared.that is not None:
                yield Use(Role.POLICY_INPUT, f"{policy.name}.{name}", ("inputs", name, "that"), declared.that)
