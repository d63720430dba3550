"""Reads out of a decided key what became of every action: effect, gates, mode, and why it lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from evidence.decision.bundle import Bundle
from evidence.decision.codes import Recommendation
from evidence.decision.kernel import Kernel
from evidence.decision.layout import WORD_BITS
from evidence.decision.matrix import (
    BOUNDED_OPTIONS,
    MODES,
    Action,
    Mode,
    required_approvers,
)
from evidence.decision.policies import Answer, Court, Policy, Verdict

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Candidate:
    """One action at one decided state."""

    name: str
    action: Action
    rung: int
    effect: int
    need: int
    matched_rules: tuple[str, ...]
    has_context: bool
    is_confident: bool
    failed_preconditions: tuple[str, ...]
    answers: tuple[tuple[Policy, Answer], ...]
    mode: Mode
    mode_reasons: tuple[str, ...]
    approvers: tuple[str, ...]
    is_chosen: bool = False
    is_best: bool = False
    lost_because: str = ""

    @property
    def is_effective(self) -> bool:
        """Its points reach what it needs."""
        return self.effect >= self.need

    @property
    def is_allowed(self) -> bool:
        """No policy denies it even with approval."""
        return all(answer.verdict is not Verdict.DENIED for _, answer in self.answers)

    @property
    def is_admissible(self) -> bool:
        """Every gate is passed; for a passive action that the context leaves its option open."""
        if not self.action.is_active:
            return self.has_context or self.action.option in BOUNDED_OPTIONS
        return self.has_context and self.is_confident and not self.failed_preconditions and self.is_allowed


class CandidateReader:
    """Reads candidates of bundle `index` of a kernel that has run."""

    def __init__(self, kernel: Kernel, index: int = 0) -> None:
        self.kernel = kernel
        self.index = index
        self.bundle: Bundle = kernel.bundles[index]
        self.court = Court()

    def read(self, row: Row, decision: Recommendation) -> list[Candidate]:
        """Every action in declared order; `row` joins a row of kernel_masks_<index> with its state."""
        candidates = [self._candidate(row, name) for name in self.bundle.actions]
        chosen = next(each for each in candidates if each.name == decision.action)
        best = {
            self._best_of(candidates, option, chosen)
            for option in {each.action.option for each in candidates}
        }
        return [
            replace(
                each,
                is_chosen=each is chosen,
                is_best=each.name in best,
                lost_because="" if each is chosen else _lost_because(each, chosen, row),
            )
            for each in candidates
        ]

    def is_set(self, row: Row, text: str, *, is_raising: bool) -> bool:
        """Whether the bit of a condition is set in the row's key."""
        number = self.kernel.layout.bit(text, is_raising=is_raising)
        word: int = row[self.kernel.layout.words[number // WORD_BITS]]
        return bool(word >> number % WORD_BITS & 1)

    def _candidate(self, row: Row, name: str) -> Candidate:
        action = self.bundle.actions[name]
        rung = self.bundle.rung(name)
        matched = tuple(
            rule.id
            for rule in self.bundle.rules
            if name in rule.supports and self.is_set(row, rule.when, is_raising=False)
        )
        failed = tuple(need.id for need in action.needs if not self.is_set(row, need.that, is_raising=False))
        answers = self._answers(row, name) if action.is_active else ()
        mode = self._mode(row, action, rung)
        also = self.kernel.also_mask(action, row["also_bits"])
        return Candidate(
            name=name,
            action=action,
            rung=rung,
            effect=row[f"effect_{list(self.bundle.actions).index(name)}"],
            need=self.bundle.need if action.is_active else 1,
            matched_rules=matched,
            has_context=row["has_context"],
            is_confident=not action.is_active or bool(row["confident"] >> (rung - 1) & 1),
            failed_preconditions=failed,
            answers=answers,
            mode=mode,
            mode_reasons=tuple(self._mode_reasons(row, action, answers, mode)),
            approvers=() if mode is Mode.AUTOMATIC else required_approvers(action, also),
        )

    def _answers(self, row: Row, name: str) -> tuple[tuple[Policy, Answer], ...]:
        return tuple(self.kernel.answers(self.court, self.index, name, row["policy_key"], row["also_bits"]))

    def _mode(self, row: Row, action: Action, rung: int) -> Mode:
        if not action.is_active:
            return action.mode
        if row["approval"] >> (rung - 1) & 1:
            return Mode.APPROVAL_REQUIRED
        return Mode.POLICY_GATED if row["gated"] >> (rung - 1) & 1 else Mode.AUTOMATIC

    def _mode_reasons(
        self, row: Row, action: Action, answers: tuple[tuple[Policy, Answer], ...], mode: Mode
    ) -> list[str]:
        """What demands more than the default, in the order in which the matrix asks."""
        if not action.is_active or mode is action.mode:
            return []
        reasons = []
        layout = self.kernel.layout
        if row["confidence_band"] <= layout.confidence_cuts.index(action.auto_from or 0):
            reasons.append(f"confidence is below {action.auto_from}")
        if row["blast_band"] > layout.blast_cuts.index(action.auto_blast or 0):
            reasons.append(f"blast radius is above {action.auto_blast} or unknown")
        for escalation in self.bundle.playbook.escalations:
            is_more = MODES.index(escalation.mode) > MODES.index(action.mode)
            if (
                action.scope in escalation.scopes
                and is_more
                and self.is_set(row, escalation.when, is_raising=True)
            ):
                reasons.append(f"escalation {escalation.id}: {escalation.because}")
        needing = [policy.name for policy, answer in answers if answer.verdict is Verdict.NEEDS_APPROVAL]
        return reasons + [f"policy {name} allows it only with approval" for name in needing]

    def _best_of(self, candidates: list[Candidate], option: str, chosen: Candidate) -> str:
        """The candidate that came nearest: chosen, else effective and admissible, else most points."""
        among = [each for each in candidates if each.action.option == option]
        return min(
            among,
            key=lambda each: (
                each is not chosen,
                not (each.is_effective and each.is_admissible),
                each.rung if each.is_effective and each.is_admissible else 0,
                -each.effect,
                each.rung,
                list(self.bundle.actions).index(each.name),
            ),
        ).name


def _lost_because(lost: Candidate, chosen: Candidate, row: Row) -> str:
    if not lost.effect:
        return "No rule that matched supports it."
    if lost.action.is_active:
        return _active_lost(lost, chosen, row)
    if chosen.action.is_active:
        return f"{chosen.name} is enough and admissible, so that something can be done."
    if not lost.is_admissible:
        return "With incomplete context only enrich and escalate are left."
    if lost.effect < chosen.effect:
        return f"{chosen.name} has more points ({chosen.effect} against {lost.effect})."
    if lost.action.option is chosen.action.option:
        return f"{chosen.name} has as many points and comes first in the matrix."
    return f"{chosen.name} has as many points and involves more people."


def _active_lost(lost: Candidate, chosen: Candidate, row: Row) -> str:
    if not lost.is_effective:
        return f"Its {lost.effect} points do not reach the {lost.need} that it needs."
    if not lost.has_context:
        return f"The minimum context is incomplete: {', '.join(row['missing_context']).replace('_', ' ')}."
    if not lost.is_confident:
        return f"Confidence {row['confidence'] or 0} is below its floor of {lost.action.floor}."
    if lost.failed_preconditions:
        return f"Not known to be true: {', '.join(lost.failed_preconditions)}."
    if not lost.is_allowed:
        return f"Denied by policy even with approval: {'; '.join(denials(lost))}."
    return f"{chosen.name} is enough and less risky (rung {chosen.rung} against {lost.rung})."


def denials(candidate: Candidate) -> list[str]:
    """What the policies said that deny the candidate even with approval."""
    return [
        message
        for _, answer in candidate.answers
        if answer.verdict is Verdict.DENIED
        for message in answer.messages
    ]
