"""Puts together what a comparison says of policies."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from evidence.decision import Bundle
from evidence.decision.policies import Policy, Verdict
from evidence.times import format_rfc3339
from simulator.histories.history import STATES, History
from simulator.policies.policy_model import (
    PolicyChange,
    PolicyComparison,
    PolicyEdit,
    ProposalChange,
    ProposalEffect,
)
from simulator.policies.recorded_changes import recorded_decisions
from simulator.policies.verdicts import Judged, Row, changed_policies, judge

_STRICTNESS = list(Verdict)
_GROUP = ("incident_id", "action", "policy", "old", "new", "all_old", "all_new")


def policy_comparison(
    history: History,
    bundles: tuple[Bundle, Bundle],
    references: tuple[str, str],
    decided_at: Mapping[str, tuple[int, int]],
    changed: Collection[str],
    states: str = STATES,
) -> PolicyComparison | None:
    """What the policies say otherwise of proposals; None where both sides have the same policies.

    `decided_at` are per incident the times of both decisions of record; `changed` those that differ.
    """
    policies = changed_policies(bundles)
    if not policies:
        return None
    judged = judge(history.connection, bundles, decided_at, states)
    changes = tuple(_changes(judged, changed))
    return PolicyComparison(
        baseline=references[0],
        candidate=references[1],
        policies=tuple(_policy(name, pair, changes) for name, pair in policies.items()),
        incident_count=len(decided_at),
        proposal_count=judged.proposal_count,
        effects=_together(changes),
        unproposed_count=len(_pairs(judged.rows) - _pairs(row for row in judged.rows if row["is_proposed"])),
        changes=changes,
        recorded=recorded_decisions(history, bundles),
    )


def _pairs(rows: Iterable[Row]) -> frozenset[tuple[str, str]]:
    return frozenset((row["incident_id"], row["action"]) for row in rows)


def effect_of(old: Verdict, new: Verdict) -> ProposalEffect:
    """What the change means: anything less strict allows newly, with approval or without."""
    if _STRICTNESS.index(new) < _STRICTNESS.index(old):
        return ProposalEffect.NEWLY_ALLOWED
    return ProposalEffect.NEWLY_DENIED if new is Verdict.DENIED else ProposalEffect.NEWLY_NEEDS_APPROVAL


def _policy(
    name: str, pair: tuple[Policy | None, Policy | None], changes: Sequence[ProposalChange]
) -> PolicyChange:
    old, new = pair
    own = [change for change in changes if change.policy == name]
    edit = PolicyEdit.ADDED if old is None else PolicyEdit.REMOVED if new is None else PolicyEdit.CHANGED
    return PolicyChange(
        name=name,
        edit=edit,
        old_digest=None if old is None else old.digest,
        new_digest=None if new is None else new.digest,
        effects=_counted((change.effect, change.incident_id, change.action) for change in own),
        incident_count=len({change.incident_id for change in own}),
        failing_count=len({(each.incident_id, each.action) for each in own if each.failing_count}),
    )


def _together(changes: Iterable[ProposalChange]) -> dict[ProposalEffect, int]:
    """Pairs by what all policies together say otherwise: what one allows another may still deny."""
    return _counted(
        (effect, change.incident_id, change.action)
        for change in changes
        if (effect := effect_together(change)) is not None
    )


def effect_together(change: ProposalChange) -> ProposalEffect | None:
    """What all policies together say otherwise of the proposal; None where they do not."""
    return None if change.all_old is change.all_new else effect_of(change.all_old, change.all_new)


def _counted(pairs: Iterable[tuple[ProposalEffect, str, str]]) -> dict[ProposalEffect, int]:
    counts = Counter(effect for effect, _, _ in set(pairs))
    return {effect: counts[effect] for effect in ProposalEffect if counts[effect]}


def _changes(judged: Judged, changed: Collection[str]) -> Iterator[ProposalChange]:
    proposed = (row for row in judged.rows if row["is_proposed"])
    rows = sorted(proposed, key=lambda row: (*(row[name] for name in _GROUP), row["known_at"]))
    for key, group in itertools.groupby(rows, key=lambda row: tuple(row[name] for name in _GROUP)):
        yield _change(judged, dict(zip(_GROUP, key, strict=True)), list(group), changed)


def _change(
    judged: Judged, key: dict[str, str], rows: Sequence[Row], changed: Collection[str]
) -> ProposalChange:
    decisive = [row for row in rows if row["is_decisive"]]
    shown = (decisive or rows)[0]
    policy, questions = key["policy"], judged.questions
    return ProposalChange(
        incident_id=key["incident_id"],
        action=key["action"],
        policy=policy,
        effect=effect_of(Verdict(key["old"]), Verdict(key["new"])),
        old=Verdict(key["old"]),
        new=Verdict(key["new"]),
        all_old=Verdict(key["all_old"]),
        all_new=Verdict(key["all_new"]),
        first_at=format_rfc3339(rows[0]["known_at"]),
        last_at=format_rfc3339(rows[-1]["known_at"]),
        moment_count=len(rows),
        failing_count=sum(questions.has_failed(1, policy, row) for row in rows),
        decisive_count=len(decisive),
        decisive_at=format_rfc3339(decisive[0]["known_at"]) if decisive else None,
        is_at_baseline_decision=any(row["is_at_baseline_decision"] for row in rows),
        is_at_candidate_decision=any(row["is_at_candidate_decision"] for row in rows),
        is_decision_changed=key["incident_id"] in changed,
        shown_at=format_rfc3339(shown["known_at"]),
        inputs=questions.inputs(policy, shown),
        old_messages=questions.answer(0, policy, shown).messages,
        new_messages=questions.answer(1, policy, shown).messages,
    )
