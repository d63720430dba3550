"""Owns decisions on single keys in plain Python: thousands of bundles on a handful of keys.

The kernel decides few bundles on many states; attribution asks for many bundles on few states, where
compiling a statement per bundle would take nearly all of the time. The keys are the kernel's own, the
steps those of its masks in the same order; tests hold both to each other, and attribution holds its ends
to the kernel's records.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from evidence.decision import Bundle, Rule
from evidence.decision.bundle import Escalation
from evidence.decision.layout import Layout
from evidence.decision.matrix import (
    BOUNDED_OPTIONS,
    MODES,
    PASSIVE_PRECEDENCE,
    Action,
    Mode,
    required_approvers,
)
from evidence.decision.policies import Policy, Value, Verdict
from simulator.weakening.policy_gaps import Verdicts


class Key(NamedTuple):
    """The parts of a key of the kernel's layout; `bits` holds all its words, the first lowest."""

    bits: int
    confidence_band: int
    blast_band: int
    has_context: bool
    policy_key: int


class Recommended(NamedTuple):
    """What a code of the kernel stands for."""

    action: str
    mode: Mode
    also_mask: int
    approvers: tuple[str, ...]
    is_active: bool


Decided: TypeAlias = tuple[str, Mode, tuple[str, ...], int]  # action, mode, approvers, decided_at in ns UTC


def decision_of(moments: Sequence[tuple[int, Key]], decide: Callable[[Key], Recommended]) -> Decided:
    """The decision of record over the moments up to the horizon, by time: committed, else standing."""
    since, last = 0, None
    for known_at, key in moments:
        found = decide(key)
        if found.is_active:
            return found.action, found.mode, found.approvers, known_at
        if found != last:
            since, last = known_at, found
    if last is None:
        raise ValueError("an incident has a moment, if only the blank one at its horizon")
    return last.action, last.mode, last.approvers, since


@dataclass
class KeyDecider:
    """Decides keys of a layout. What is derived from a part of a bundle is kept for the next bundle."""

    layout: Layout
    verdicts: Verdicts = field(default_factory=Verdicts)
    _kept: dict[tuple[Any, ...], tuple[Any, Any]] = field(default_factory=dict)

    def decider(self, bundle: Bundle) -> Callable[[Key], Recommended]:
        """A function that decides keys by the bundle, each distinct key once."""
        steps, decided = _Steps(self, bundle), dict[Key, Recommended]()

        def decide(key: Key) -> Recommended:
            if key not in decided:
                decided[key] = steps.decide(key)
            return decided[key]

        return decide

    def bit(self, text: str, *, is_raising: bool) -> int:
        """The bit of a condition, as a mask."""
        key = ("bit", text, is_raising)
        if key not in self._kept:
            self._kept[key] = None, 1 << self.layout.bit(text, is_raising=is_raising)
        mask: int = self._kept[key][1]
        return mask

    def gates(self, action: Action) -> _Gates:
        """What of an action is looked up in keys."""
        return self._of(action, lambda: _Gates.of(self, action))  # type: ignore[no-any-return]

    def rule_bit(self, rule: Rule) -> int:
        """The bit of a rule's condition."""
        return self._of(rule, lambda: self.bit(rule.when, is_raising=False))  # type: ignore[no-any-return]

    def escalation_bit(self, escalation: Escalation) -> int:
        """The bit of an escalation's condition."""
        return self._of(escalation, lambda: self.bit(escalation.when, is_raising=True))  # type: ignore[no-any-return]

    def verdict(self, policy: Policy, name: str, action: Action, roles: tuple[str, ...], key: int) -> Verdict:
        """What the policy says where the key has these policy inputs."""
        asked = (id(policy), id(action), name, roles, key)
        if asked not in self._kept:
            known = self.inputs(key)
            inputs: dict[str, Value | None] = {
                each: known[declared] for each, declared in sorted(policy.declaration.inputs.items())
            }
            found = self.verdicts.verdict(policy, name, action, roles, inputs)
            self._kept[asked] = (policy, action), found
        verdict: Verdict = self._kept[asked][1]
        return verdict

    def inputs(self, policy_key: int) -> dict[Any, Value | None]:
        """The values of all policy inputs that a policy key stands for."""
        key = ("inputs", policy_key)
        if key not in self._kept:
            self._kept[key] = None, self.layout.inputs_at(policy_key)
        inputs: dict[Any, Value | None] = self._kept[key][1]
        return inputs

    def _of(self, part: Any, derive: Callable[[], Any]) -> Any:
        """By identity: hybrids share the parts in which they do not differ. The part is kept alive."""
        key = (id(part),)
        if key not in self._kept:
            self._kept[key] = part, derive()
        return self._kept[key][1]


@dataclass(frozen=True, slots=True)
class _Gates:
    """Bits and bands of one action."""

    needs: int
    also: tuple[int, ...]
    floor_band: int
    auto_from_band: int
    auto_blast_band: int

    @classmethod
    def of(cls, decider: KeyDecider, action: Action) -> _Gates:
        layout = decider.layout
        needs = 0
        for need in action.needs:
            needs |= decider.bit(need.that, is_raising=False)
        return cls(
            needs,
            tuple(decider.bit(also.when, is_raising=True) for also in action.also),
            layout.confidence_cuts.index(action.floor or 0),
            layout.confidence_cuts.index(action.auto_from or 0),
            layout.blast_cuts.index(action.auto_blast or 0),
        )

    def also_mask(self, key: Key) -> int:
        """Which also clauses apply."""
        return sum(bool(key.bits & bit) << place for place, bit in enumerate(self.also))


class _Steps:
    """The steps of the decision for one bundle."""

    def __init__(self, decider: KeyDecider, bundle: Bundle) -> None:
        self.decider = decider
        self.bundle = bundle
        self.rules = [(decider.rule_bit(rule), rule.supports) for rule in bundle.rules]
        self.escalations = [(decider.escalation_bit(each), each) for each in bundle.playbook.escalations]
        self.need = bundle.need
        self.active = [(name, bundle.actions[name]) for name in bundle.ladder]
        self.passive = [name for name in bundle.actions if not bundle.actions[name].is_active]

    def decide(self, key: Key) -> Recommended:
        """The lowest rung that passes every gate; else a passive action."""
        effects: dict[str, int] = {}
        for bit, supports in self.rules:
            if key.bits & bit:
                for name, points in supports.items():
                    effects[name] = effects.get(name, 0) + points
        refused = False
        for name, action in self.active:
            if effects.get(name, 0) < self.need:
                continue
            gates = self.decider.gates(action)
            verdicts = self._verdicts(name, action, key)
            is_refused = Verdict.DENIED in verdicts or gates.needs & ~key.bits != 0
            if key.has_context and key.confidence_band > gates.floor_band and not is_refused:
                return self._active(name, action, gates, verdicts, key)
            refused |= is_refused
        return self._passive(effects, key, refused=refused)

    def _verdicts(self, name: str, action: Action, key: Key) -> set[Verdict]:
        roles = required_approvers(action, self.decider.gates(action).also_mask(key))
        return {
            self.decider.verdict(policy, name, action, roles, key.policy_key)
            for policy in self.bundle.policies
        }

    def _active(
        self, name: str, action: Action, gates: _Gates, verdicts: set[Verdict], key: Key
    ) -> Recommended:
        is_unsure = key.confidence_band <= gates.auto_from_band or key.blast_band > gates.auto_blast_band
        demanded = [MODES.index(action.mode)]
        demanded += [
            MODES.index(each.mode)
            for bit, each in self.escalations
            if key.bits & bit and action.scope in each.scopes
        ]
        if is_unsure or Verdict.NEEDS_APPROVAL in verdicts:
            demanded.append(MODES.index(Mode.APPROVAL_REQUIRED))
        mode = MODES[max(demanded)]
        if mode is Mode.AUTOMATIC:
            return Recommended(name, mode, 0, (), is_active=True)
        mask = gates.also_mask(key)
        return Recommended(name, mode, mask, required_approvers(action, mask), is_active=True)

    def _passive(self, effects: dict[str, int], key: Key, *, refused: bool) -> Recommended:
        """Most points; ties to the option that involves more people, then to what is declared first."""
        actions = self.bundle.actions
        scored = [
            (effects[name], PASSIVE_PRECEDENCE.index(actions[name].option), -place, name)
            for place, name in enumerate(self.passive)
            if effects.get(name, 0) > 0 and (key.has_context or actions[name].option in BOUNDED_OPTIONS)
        ]
        name = max(scored)[3] if scored else self._last_resort(effects, key, refused=refused)
        action = actions[name]
        roles = () if action.mode is Mode.AUTOMATIC else required_approvers(action, 0)
        return Recommended(name, action.mode, 0, roles, action.is_active)

    def _last_resort(self, effects: dict[str, int], key: Key, *, refused: bool) -> str:
        resorts = self.bundle.playbook.last_resorts
        if refused:
            return resorts.escalate
        if not key.has_context:
            return resorts.missing_context
        is_supported = any(effects.get(name, 0) > 0 for name, _ in self.active)
        return resorts.enrich if is_supported else resorts.monitor
