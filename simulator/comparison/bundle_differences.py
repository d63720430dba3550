"""Turns what differs between the two bundles alone into parts of a comparison."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import pyarrow as pa

from evidence.decision import Bundle
from simulator.bundles.clauses import Clause
from simulator.comparison.model import ClauseChange, Redirected, StaticWeakening
from simulator.comparison.policy_changes import policy_diff, verdict_changes
from simulator.weakening.allowances import is_allowed
from simulator.weakening.weakenings import Weakening


def clause_changes(
    bundles: tuple[Bundle, Bundle], clauses: Sequence[Clause], verdicts: Sequence[pa.Table]
) -> Iterator[ClauseChange]:
    """Each clause; of a policy also its lines, and the proposals on which it says otherwise.

    `verdicts` are `decision.policy_verdicts` of both runs.
    """
    policies = {clause.id: clause.path[1] for clause in clauses if clause.path[0] == "policies"}
    changed = verdict_changes(verdicts, set(policies.values()))
    for clause in clauses:
        policy = policies.get(clause.id)
        yield ClauseChange(
            id=clause.id,
            kind=clause.kind.value,
            old=clause.old,
            new=clause.new,
            can_decide=clause.can_decide,
            diff=() if policy is None else policy_diff(bundles, policy),
            verdicts=() if policy is None else changed.get(policy, ()),
        )


def static_weakening(weakening: Weakening, allowed: Collection[str]) -> StaticWeakening:
    """The weakening, and whether it may pass."""
    told, fields = weakening.redirection, Redirected.model_fields
    return StaticWeakening(
        id=weakening.id,
        action=weakening.action,
        kind=weakening.kind,
        finding=weakening.finding,
        what=weakening.what,
        witness=weakening.witness,
        redirected=None if told is None else Redirected(**{name: getattr(told, name) for name in fields}),
        is_approval=weakening.is_approval,
        is_allowed=is_allowed(weakening.id, allowed),
    )
