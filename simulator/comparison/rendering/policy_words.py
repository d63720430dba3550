"""Owns the sentences about policies: which changed, and the proposals that they judge otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from evidence.decision.policies import Verdict
from evidence.handoff.words import counted, to_second
from evidence.redaction import shown
from simulator.policies.comparing import effect_together
from simulator.policies.decision_model import Value
from simulator.policies.policy_model import PolicyChange, PolicyComparison, ProposalChange, ProposalEffect

VERDICT_WORDS = {
    Verdict.ALLOW: "allowed",
    Verdict.NEEDS_APPROVAL: "allowed with approval",
    Verdict.DENIED: "denied",
}
Pairs: TypeAlias = frozenset[tuple[str, str]]
"""Incident and action."""


def effects_sentence(found: PolicyComparison) -> str:
    """What all policies together say otherwise; a failure is told apart from what a policy denies."""
    said = _effects(
        found.effects,
        loosened=_pairs(
            each
            for each in found.changes
            if effect_together(each) is ProposalEffect.NEWLY_ALLOWED and each.all_new is not Verdict.ALLOW
        ),
        failing=_only_failing(
            [each for each in found.changes if effect_together(each) is ProposalEffect.NEWLY_DENIED]
        ),
    )
    over = f"Of {counted(found.proposal_count, 'proposal')} in {counted(found.incident_count, 'incident')}"
    failures = [
        f" Policy {shown(each.name, 100)} {_failing(each)}." for each in found.policies if each.failing_count
    ]
    return f"{over}: {said or 'none is judged otherwise'}.{''.join(failures)}"


def _effects(effects: Mapping[ProposalEffect, int], loosened: Pairs, failing: Pairs) -> str:
    """The counts in words. `loosened` are those allowed with approval, `failing` those denied by failures."""
    allowed = effects.get(ProposalEffect.NEWLY_ALLOWED, 0)
    denied = effects.get(ProposalEffect.NEWLY_DENIED, 0) - len(failing)
    asked = effects.get(ProposalEffect.NEWLY_NEEDS_APPROVAL, 0)
    with_approval = ", with approval" if allowed == 1 else f", {len(loosened)} of them with approval"
    parts = [f"{allowed} newly allowed{with_approval if loosened else ''}"] if allowed else []
    parts += [f"{denied} newly denied"] if denied else []
    parts += [f"{len(failing)} counted as denied because a policy fails"] if failing else []
    parts += [f"{asked} now need{'s' if asked == 1 else ''} approval"] if asked else []
    return "; ".join(parts)


def _pairs(changes: Iterable[ProposalChange]) -> Pairs:
    return frozenset((change.incident_id, change.action) for change in changes)


def _only_failing(denied: Sequence[ProposalChange]) -> Pairs:
    """Of what is newly denied, what no policy denies by a sentence of its own."""
    told = _pairs(
        each for each in denied if each.new is Verdict.DENIED and each.failing_count < each.moment_count
    )
    return _pairs(each for each in denied if each.failing_count) - told


def _failing(policy: PolicyChange) -> str:
    return f"fails on {counted(policy.failing_count, 'proposal')}, which counts as a denial"


def unproposed_sentence(found: PolicyComparison) -> str:
    """How many verdicts differ on what nobody proposed; empty where none does."""
    count = found.unproposed_count
    if not count:
        return ""
    return (
        f"On {count} further {'pair' if count == 1 else 'pairs'} of incident and action, which no moment"
        " proposes, the verdicts differ too."
    )


def policy_words(found: PolicyComparison, policy: PolicyChange) -> str:
    """What became of the policy and what it does by itself; its name stands before it."""
    own = [each for each in found.changes if each.policy == policy.name]
    said = _effects(
        policy.effects,
        loosened=_pairs(
            each
            for each in own
            if each.effect is ProposalEffect.NEWLY_ALLOWED and each.new is not Verdict.ALLOW
        ),
        failing=_only_failing([each for each in own if each.effect is ProposalEffect.NEWLY_DENIED]),
    )
    return f"{policy.edit.value}: {said or 'no proposal of the history shows it'}"


def by_weight(changes: Sequence[ProposalChange]) -> list[ProposalChange]:
    """Those that turn a decision first, then those that stood in the way of nothing else, then the others."""
    return sorted(
        changes,
        key=lambda each: (
            not each.is_decision_changed,
            not each.decisive_count,
            effect_together(each) is None,
        ),
    )


def verdict_words(change: ProposalChange) -> str:
    """Old and new verdict of the policy."""
    return f"{VERDICT_WORDS[change.old]} → {VERDICT_WORDS[change.new]}"


def together_words(change: ProposalChange) -> str:
    """What the other policies make of it; empty where they leave it as it is."""
    if (change.all_old, change.all_new) == (change.old, change.new):
        return ""
    return f"all policies: {VERDICT_WORDS[change.all_old]} → {VERDICT_WORDS[change.all_new]}"


def when_words(change: ProposalChange) -> str:
    """At which moments it holds, and where nothing but policy stood in its way."""
    first, last = to_second(change.first_at), to_second(change.last_at)
    span = f"at {first}" if first == last else f"from {first} to {last}"
    said = f"{span} ({counted(change.moment_count, 'moment')})"
    if change.decisive_at is None:
        return f"{said}; something else stood in its way at each"
    return f"{said}; nothing but policy stood in its way from {to_second(change.decisive_at)}"


def record_words(change: ProposalChange) -> str:
    """Whether it holds at the decisions of record, and whether the decision turns."""
    sides = {
        (True, True): "at both decisions of record",
        (True, False): "at the decision of record before",
        (False, True): "at the decision of record now",
        (False, False): "on the way only",
    }
    turned = "the decision changes" if change.is_decision_changed else "the decision stays"
    return f"{sides[change.is_at_baseline_decision, change.is_at_candidate_decision]}; {turned}"


def input_words(change: ProposalChange) -> str:
    """What the policy saw, as it is written in Rego."""
    values = {True: "true", False: "false", None: "unknown"}
    said = [
        f"{name} {value if isinstance(value, str) else values[value]}"
        for name, value in change.inputs.items()
    ]
    return ", ".join(said) or "no declared input"


def said_words(change: ProposalChange) -> str:
    """The rules' sentences, before and now."""
    parts = [("before", change.old_messages), ("now", change.new_messages)]
    return "; ".join(f"{when}: {'; '.join(said)}" for when, said in parts if said)


def recorded_sentence(found: PolicyComparison) -> str:
    """What became of the decisions that OPA logged of these policies; empty where there are none."""
    recorded = found.recorded
    if recorded is None:
        return ""
    none = f", {recorded.not_replayable_count} not replayable" if recorded.not_replayable_count else ""
    counts = f"{recorded.changed_count} answered otherwise{none}"
    return f"Of {counted(recorded.decision_count, 'decision')} that OPA logged of these policies: {counts}."


def recorded_lines(found: PolicyComparison, most: int) -> list[tuple[str, str]]:
    """Per changed decision what it is, and what the two sides say of it beside what was recorded."""
    changes = found.recorded.changes if found.recorded else ()
    return [
        (
            f"{each.incident_id} {each.path} {each.decision_id}",
            f"recorded {_json(each.recorded)}; before {_json(each.old)} → now {_json(each.new)}",
        )
        for each in changes[:most]
    ]


def _json(value: Value) -> str:
    return json.dumps(value.value, ensure_ascii=False) if value.is_defined else "undefined"
