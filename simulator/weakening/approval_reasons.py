"""Owns the reasons for which a bundle asks for approval of an action or holds it back, and when each lapses.

A reason lapses under another bundle where there is a state in which it holds and nothing there makes up
for it: neither the default mode, nor an escalation, an also clause or a policy. A safety that asks for no
approval (floor, precondition, denial by policy) is a reason too, and its lapse is told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from evidence.decision import Bundle
from evidence.decision.bundle import Escalation
from evidence.decision.matrix import Action, AlsoApprovers, Mode, Precondition, Scope
from evidence.decision.policies import Policy
from simulator.bundles.bundle_parts import PartPath
from simulator.weakening.asked_roles import AskedRole
from simulator.weakening.confidence_ranges import confidence_pairs
from simulator.weakening.findings import Finding
from simulator.weakening.lapses import (
    ACTIONS,
    Lapse,
    at_once,
    escalation_lapse,
    is_at_least,
    lapse_of,
    narrow,
    policy_lapse,
    role_lapse,
    sure,
)
from simulator.weakening.policy_gaps import PolicySide, Verdicts, policy_gaps
from simulator.weakening.restated import Restating, shown, uncovered, unprepared

_FLAGS: tuple[PartPath, ...] = (("grading", "thresholds"), ("grading", "severity"))
_CONFIDENCE: PartPath = ("grading", "confidence")
_ASKED = ("option", "scope", "undo", "request", "approvers", "also")  # what a policy sees of an action


class Kind(StrEnum):
    """What is given up."""

    ACTION = "action"
    MODE = "mode"
    APPROVERS = "approvers"
    ALSO = "also"
    AUTO_FROM = "auto-from"
    AUTO_BLAST = "auto-blast"
    FLOOR = "floor"
    PRECONDITION = "precondition"
    ESCALATION = "escalation"
    POLICY = "policy"
    LAST_RESORT = "last-resort"
    GRADING = "grading"
    CONTACT = "contact"
    DEMAND = "demand"  # all by which it is demanded, where only several clauses together give it up


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason of a baseline's action. `touched` begins the paths of all clauses that it can lapse by."""

    kind: Kind
    touched: tuple[PartPath, ...]
    lapse: Callable[[Bundle, str], Lapse | None]  # of a candidate, and the action's name there


def reasons(baseline: Bundle, name: str, verdicts: Verdicts) -> Iterator[Reason]:
    """The reasons that the baseline has for its action `name`, in the order of the matrix.

    Left out are those that add nothing: where the default mode demands approval in every state, its own
    lapse says all of confidence and reach.
    """
    action = baseline.actions[name]
    of = _Reasons(baseline, name, action, verdicts)
    if action.mode is not Mode.AUTOMATIC:
        yield of.mode()
    if action.is_active or action.mode is not Mode.AUTOMATIC:
        yield of.approvers()
    if action.is_active:
        yield of.being_active()
        yield from map(of.also, action.also)
        if action.mode is not Mode.APPROVAL_REQUIRED:
            yield from (of.auto_from(), of.auto_blast())
        yield of.floor()
        yield from map(of.precondition, action.needs)
        yield from map(of.escalation, _reaching(baseline, action.scope))
        yield from map(of.policy, baseline.policies)


@dataclass(frozen=True, slots=True)
class _Reasons:
    """Makes the reasons of one action."""

    baseline: Bundle
    name: str
    action: Action
    verdicts: Verdicts

    def being_active(self) -> Reason:
        """What is passive passes no gate at all."""

        def lapse(candidate: Bundle, name: str) -> Lapse | None:
            after = candidate.actions[name]
            if after.is_active:
                return None
            what = f"{ACTIONS} no longer counts as changing a running system, so that no gate holds it"
            is_approval = after.mode is not Mode.APPROVAL_REQUIRED
            return Lapse(what, "", Finding.APPROVAL_REMOVED if is_approval else Finding.SAFETY_WEAKENED)

        return Reason(Kind.ACTION, (self._at("scope"),), lapse)

    def mode(self) -> Reason:
        """The default mode."""
        before = self.action.mode

        def lapse(candidate: Bundle, name: str) -> Lapse | None:
            after = candidate.actions[name]
            if is_at_least(after.mode, before):
                return None
            covers = _escalations(candidate, after, before)
            restating = self._restatings(candidate)[1]
            found = uncovered([], [restating.of(each.when) for each in covers])
            return lapse_of(f"{ACTIONS} begins as {after.mode}; it was {before}", at_once(found, after))

        touched = (self._at("mode"), self._at("scope"), ("escalations",), *_FLAGS)
        return Reason(Kind.MODE, touched, lapse)

    def approvers(self) -> Reason:
        """The roles that must approve wherever anybody must."""
        return self._roles(Kind.APPROVERS, self.action.approvers, None, self._at("approvers"))

    def also(self, also: AlsoApprovers) -> Reason:
        """The roles that must approve in some states."""
        return self._roles(Kind.ALSO, also.approvers, also.when, self._at("approvers"))

    def _roles(self, kind: Kind, roles: Iterable[str], when: str | None, path: PartPath) -> Reason:
        asked = AskedRole(self.baseline, self.name, when)

        def lapse(candidate: Bundle, name: str) -> Lapse | None:
            then = self._restatings(candidate)[1]
            after = candidate.actions[name]
            lost = {}
            for role in roles:
                covers = [then.of(each.when) for each in after.also if role in each.approvers]
                if role not in after.approvers:
                    lost[role] = asked.lost_where(candidate, after, covers, self.verdicts)
            missing = {role: found for role, found in lost.items() if found is not None}
            found = next(iter(missing.values()), None)
            return role_lapse(self.action, after, list(missing), when, found)

        return Reason(kind, (path, self._at("also"), self._at("floor"), *_FLAGS, _CONFIDENCE), lapse)

    def auto_from(self) -> Reason:
        """Approval below a confidence."""
        before = self.action.auto_from or 0

        def lapse(candidate: Bundle, name: str) -> Lapse | None:
            after = candidate.actions[name]
            if not after.is_active or after.mode is Mode.APPROVAL_REQUIRED:
                return None
            what = f"{ACTIONS} needs no approval for its confidence from {after.auto_from}; it was {before}"
            graded = f"the same evidence can give more confidence, so that {ACTIONS} needs no approval for it"
            found = self._lifted(candidate, before, after.auto_from or 0)
            return (
                None
                if found is None
                else Lapse(graded if before == after.auto_from else what, f"{found}, {narrow(after)}")
            )

        return Reason(Kind.AUTO_FROM, (self._at("auto_from"), self._at("mode"), _CONFIDENCE), lapse)

    def floor(self) -> Reason:
        """Nothing below a confidence."""
        before = self.action.floor or 0

        def lapse(candidate: Bundle, name: str) -> Lapse | None:
            after = candidate.actions[name]
            if not after.is_active:
                return None
            what = f"{ACTIONS} is admissible from confidence {after.floor}; it was {before}"
            graded = f"the same evidence can give more confidence, so that {ACTIONS} reaches its floor"
            found = self._lifted(candidate, before, after.floor or 0)
            return (
                None
                if found is None
                else Lapse(graded if before == after.floor else what, found, Finding.SAFETY_WEAKENED)
            )

        return Reason(Kind.FLOOR, (self._at("floor"), _CONFIDENCE), lapse)

    def _lifted(self, candidate: Bundle, before: int, after: int) -> str | None:
        """Evidence whose confidence was below one figure and is not below the other."""
        pairs = confidence_pairs(self.baseline.grading.confidence, candidate.grading.confidence)
        for (old, new), evidence in pairs.items():
            if old < before and new >= after:
                return f"{shown(evidence)}: confidence {old} before, {new} now"
        return None

    def auto_blast(self) -> Reason:
        """Approval beyond a blast radius."""
        before = self.action.auto_blast or 0

        def lapse(candidate: Bundle, name: str) -> Lapse | None:
            after = candidate.actions[name]
            if not after.is_active or after.mode is Mode.APPROVAL_REQUIRED:
                return None
            if (after.auto_blast or 0) <= before:
                return None
            what = f"{ACTIONS} needs no approval up to a blast radius of {after.auto_blast}; it was {before}"
            return Lapse(what, f"blast_radius={before + 1}, {sure(after)}")

        return Reason(Kind.AUTO_BLAST, (self._at("auto_blast"), self._at("mode")), lapse)

    def precondition(self, need: Precondition) -> Reason:
        """Nothing unless a condition is known to be true."""

        def lapse(candidate: Bundle, name: str) -> Lapse | None:
            after = candidate.actions[name]
            if not after.is_active:
                return None
            before, then = self._restatings(candidate)
            found = unprepared(before.of(need.that), [then.of(each.that) for each in after.needs])
            what = f"{ACTIONS} is admissible where {need.id} (`{need.that}`) is false or unknown"
            return lapse_of(what, found, Finding.SAFETY_WEAKENED)

        return Reason(Kind.PRECONDITION, (self._at("needs"), *_FLAGS), lapse)

    def escalation(self, escalation: Escalation) -> Reason:
        """A mode at least, in some states, for actions of some scopes."""

        def lapse(candidate: Bundle, name: str) -> Lapse | None:
            after = candidate.actions[name]
            if not after.is_active:
                return None
            before, then = self._restatings(candidate)
            others = _escalations(candidate, after, escalation.mode)
            heirs = [each for each in others if each.id == escalation.id or each.id not in self._escalations]
            found, alone = (
                uncovered([before.of(escalation.when)], [then.of(each.when) for each in covers])
                for covers in (others, heirs)
            )
            is_demanded = is_at_least(self.action.mode, escalation.mode)
            return escalation_lapse(escalation, found, alone, after, is_demanded=is_demanded)

        touched = (("escalations", escalation.id), self._at("scope"), self._at("mode"), *_FLAGS)
        return Reason(Kind.ESCALATION, touched, lapse)

    def policy(self, policy: Policy) -> Reason:
        """A denial, or a denial unless approved."""

        def lapse(candidate: Bundle, name: str) -> Lapse | None:
            after = candidate.actions[name]
            if not after.is_active or self._is_asked_alike(policy, candidate, name):
                return None
            before, same, new = self._sides(policy, candidate, name)
            is_demanded = self.action.mode is Mode.APPROVAL_REQUIRED
            # Policies that are new may make up for it; they are asked only then, for they read more columns.
            for side in (same, new):
                gaps = policy_gaps(self.verdicts, before, side)
                found = policy_lapse(policy.name, gaps, after, is_demanded=is_demanded)
                if found is None:
                    return None
            return found

        touched = (("policies", policy.name), *map(self._at, _ASKED), self._at("mode"), *_FLAGS)
        return Reason(Kind.POLICY, touched, lapse)

    def _is_asked_alike(self, policy: Policy, candidate: Bundle, name: str) -> bool:
        """Nothing that the verdict depends on differs."""
        after = candidate.actions[name]
        before, then = self._restatings(candidate)
        return (
            policy.digest in {each.digest for each in candidate.policies}
            and name == self.name
            and all(getattr(after, field) == getattr(self.action, field) for field in _ASKED)
            and before.grading.thresholds == then.grading.thresholds
            and not then.sources
        )

    def _sides(
        self, policy: Policy, candidate: Bundle, name: str
    ) -> tuple[PolicySide, PolicySide, PolicySide]:
        """The policy; in the candidate the one of its name; and this with those that are new there."""
        before, then = self._restatings(candidate)
        old = {each.name for each in self.baseline.policies}
        same = [each for each in candidate.policies if each.name == policy.name]
        new = [each for each in candidate.policies if each.name not in old]
        after = candidate.actions[name]
        return (
            PolicySide((policy,), self.name, self.action, before),
            PolicySide(same, name, after, then),
            PolicySide([*same, *new], name, after, then),
        )

    @property
    def _escalations(self) -> set[str]:
        return {each.id for each in self.baseline.playbook.escalations}

    def _restatings(self, candidate: Bundle) -> tuple[Restating, Restating]:
        return Restating.pair(self.baseline.grading, candidate.grading)

    def _at(self, field: str) -> PartPath:
        return ("actions", self.name, field)


def _reaching(bundle: Bundle, scope: Scope) -> list[Escalation]:
    return [each for each in bundle.playbook.escalations if scope in each.scopes]


def _escalations(bundle: Bundle, action: Action, mode: Mode) -> list[Escalation]:
    """Escalations that demand at least that mode of the action."""
    if not action.is_active:
        return []
    return [each for each in _reaching(bundle, action.scope) if is_at_least(each.mode, mode)]
