"""Owns the record of a tabletop exercise: the playbook's decision beside the person's, and what was done.

What responders did stands apart: the time at which they acted is no time of decision, and nothing is known of
when the playbook's or the person's decision would have been acted on.

The person's decision of record follows the playbook's own rule: the first active option, else the last
option, dated at the step from which it was kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from evidence.decision.matrix import PASSIVE_OPTIONS, Mode, Option
from evidence.times import format_rfc3339
from simulator.tabletop.session import Exercise, Step

FIRST_CHOICE = Option.MONITOR  # before the first answer: whoever decides nothing goes on watching


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Agreement(StrEnum):
    """Whether it is what the reviewer wanted; of a person only the option is asked."""

    AGREES = "agrees"
    OPTION_ONLY = "option_only"  # the reviewer wanted another action of that option
    DIFFERS = "differs"
    UNLABELLED = "unlabelled"


class Decided(_Frozen):
    """One decision of record. What is not asked of a person is null.

    `decided_at` is RFC 3339, `after_seconds` from the first signal. `basis` is committed for the first
    active option, standing for the last one where none was active.
    """

    option: Option
    action: str | None = None
    mode: Mode | None = None
    approvers: tuple[str, ...] = ()
    decided_at: str
    after_seconds: int | None = None
    basis: Literal["committed", "standing"]
    agreement: Agreement | None


class Acted(_Frozen):
    """What responders did, all null where nothing was recorded; `option` by the playbook's matrix.

    `acted_at` is when the action was taken, not when it was decided; `after_seconds` from the first signal.
    """

    option: Option | None
    action: str | None
    acted_at: str | None
    after_seconds: int | None
    agreement: Agreement | None


class Recommended(_Frozen):
    """What the playbook recommended at a step."""

    option: Option
    action: str
    mode: Mode
    approvers: tuple[str, ...]


class Taken(_Frozen):
    """One step: what the person chose and what the playbook recommended."""

    number: int
    known_at: str
    after_seconds: int | None
    own: Option
    playbook: Recommended
    is_same_option: bool


class Expected(_Frozen):
    """What the reviewer wanted; null where nobody said."""

    option: Option | None
    action: str | None
    by: str | None


class Record(_Frozen):
    """What came of an exercise. `ended_at_step` is null when every step was gone through."""

    format: Literal["incident-evidence/tabletop"] = "incident-evidence/tabletop"
    incident_id: str
    title: str
    incident_type: str | None
    outcome: str | None
    playbook: str
    playbook_digest: str
    horizon_at: str
    expected: Expected
    recorded_action: Acted
    playbook_decision: Decided
    own_decision: Decided
    steps: tuple[Taken, ...]
    parted_at_step: int | None
    ended_at_step: int | None


def conclude(exercise: Exercise, choices: Sequence[Option], ended_at_step: int | None = None) -> Record:
    """The record, given the person's option at each step; what was not answered keeps the last one."""
    kept = [*choices, *[choices[-1] if choices else FIRST_CHOICE] * (len(exercise.steps) - len(choices))]
    steps = tuple(_taken(step, choice) for step, choice in zip(exercise.steps, kept, strict=True))
    incident = exercise.incident
    return Record(
        incident_id=exercise.incident_id,
        title=incident["title"],
        incident_type=incident["incident_type"],
        outcome=incident["outcome"],
        playbook=exercise.bundle.name,
        playbook_digest=exercise.bundle.digest,
        horizon_at=format_rfc3339(exercise.horizon_at),
        expected=Expected(
            option=incident["label_expected_option"],
            action=incident["label_expected_action"],
            by=incident["label_by"],
        ),
        recorded_action=_recorded(exercise),
        playbook_decision=_playbooks(exercise),
        own_decision=_own(exercise, kept),
        steps=steps,
        parted_at_step=next((each.number for each in steps if not each.is_same_option), None),
        ended_at_step=ended_at_step,
    )


def _taken(step: Step, choice: Option) -> Taken:
    each = step.recommended
    return Taken(
        number=step.number,
        known_at=format_rfc3339(step.known_at),
        after_seconds=step.after_seconds,
        own=choice,
        playbook=Recommended(
            option=each.option, action=each.action, mode=each.mode, approvers=each.approvers
        ),
        is_same_option=choice is each.option,
    )


def _recorded(exercise: Exercise) -> Acted:
    name, moment = exercise.incident["action_taken"], exercise.incident["action_taken_at"]
    action = exercise.bundle.actions.get(name) if name else None
    option = action.option if action else None
    return Acted(
        option=option,
        action=name,
        acted_at=None if moment is None else format_rfc3339(moment),
        after_seconds=exercise.after_seconds(moment),
        agreement=_agreement(exercise, option, name),
    )


def _playbooks(exercise: Exercise) -> Decided:
    row, recommendation = exercise.decision.row, exercise.decision.recommendation
    return Decided(
        option=recommendation.option,
        action=recommendation.action,
        mode=recommendation.mode,
        approvers=recommendation.approvers,
        decided_at=format_rfc3339(row["decided_at"]),
        after_seconds=exercise.after_seconds(row["decided_at"]),
        basis=row["basis"],
        agreement=_agreement(exercise, recommendation.option, recommendation.action),
    )


def _own(exercise: Exercise, kept: Sequence[Option]) -> Decided:
    place, is_committed = decision_of(kept)
    step = exercise.steps[place]
    return Decided(
        option=kept[place],
        decided_at=format_rfc3339(step.known_at),
        after_seconds=step.after_seconds,
        basis="committed" if is_committed else "standing",
        agreement=_agreement(exercise, kept[place], None),
    )


def decision_of(choices: Sequence[Option]) -> tuple[int, bool]:
    """Place of the decision of record among one or more choices, and whether it is an active one."""
    for place, choice in enumerate(choices):
        if choice not in PASSIVE_OPTIONS:
            return place, True
    place = len(choices) - 1
    while place and choices[place - 1] is choices[-1]:
        place -= 1
    return place, False


def _agreement(exercise: Exercise, option: Option | None, action: str | None) -> Agreement | None:
    """None where nothing was recorded, or the matrix does not know to which option the action belongs."""
    wanted, wanted_action = (exercise.incident[f"label_expected_{each}"] for each in ("option", "action"))
    if wanted is None:
        return Agreement.UNLABELLED
    if option is None and (action is None or wanted_action is None):
        return None
    if action is None or wanted_action is None:
        return Agreement.AGREES if option == wanted else Agreement.DIFFERS
    if action == wanted_action:
        return Agreement.AGREES
    return Agreement.OPTION_ONLY if option == wanted else Agreement.DIFFERS
