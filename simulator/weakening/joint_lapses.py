"""Owns which clauses together give up a demand that none of them gives up alone.

For every demand of the baseline (a mode, a role) that the candidate loses in some state, each minimal set of
clauses that loses it there has to be allowed. Whoever allows a set allows its parts, so that of the sets of
an action only those are told that are part of no other: one name for each says all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evidence.decision import Bundle
from evidence.decision.matrix import Action, Mode
from simulator.bundles.clauses import Clause
from simulator.weakening.gates import (
    BLAST,
    CONFIDENCE,
    EVIDENCE,
    Gate,
    Mixtures,
    Taken,
    mode_gates,
    role_gates,
)
from simulator.weakening.lapses import ACTIONS
from simulator.weakening.lost_demands import Loss, LostDemands
from simulator.weakening.policy_gaps import Verdicts
from simulator.weakening.restated import EVERYWHERE, UNSEARCHED, shown


@dataclass(frozen=True, slots=True)
class JointLapse:
    """Clauses that together give up a demand of an action: a sentence about ACTIONS, and a state."""

    clauses: tuple[str, ...]
    name: str
    what: str
    witness: str


def joint_lapses(
    baseline: Bundle, candidate: Bundle, clauses: Sequence[Clause], name: str, after: str, verdicts: Verdicts
) -> Iterator[JointLapse]:
    """The minimal sets for one action that are part of no other, each once; `after` is its new name.

    None for an action that is passive in the baseline: each of its demands has but one gate.
    """
    if not baseline.actions[name].is_active:
        return
    mixtures = Mixtures(baseline, candidate, clauses, name, after, verdicts)
    losses = list(_losses(mixtures))
    told: set[Taken] = set()
    for what, loss in losses:
        is_part = any(loss.taken < other.taken for _, other in losses)
        if not is_part and loss.taken not in told:
            told.add(loss.taken)
            ids = tuple(sorted(loss.taken, key=lambda each: _place(each, clauses)))
            where = _where(loss, *(end.action for end in mixtures.ends))
            yield JointLapse(ids, after, what.format(gates=_listed(loss.held)), where)


def _place(name: str, clauses: Sequence[Clause]) -> int:
    """Of all weights together that of the first."""
    return next(n for n, each in enumerate(clauses) if each.id == name or each.id.startswith(f"{name}."))


def _losses(mixtures: Mixtures) -> Iterator[tuple[str, Loss]]:
    for mode in (Mode.APPROVAL_REQUIRED, Mode.POLICY_GATED):
        what = f"nothing demands {mode} of {{{ACTIONS}}} any more where {{gates}} did"
        yield from _lost(mixtures, mode_gates(mixtures, mode), what)
    for role in _roles(mixtures.ends[0].action):
        what = f"{{{ACTIONS}}} no longer asks {role} where {{gates}} did"
        yield from _lost(mixtures, role_gates(mixtures, role), what)


def _lost(mixtures: Mixtures, gates: Sequence[Gate], what: str) -> Iterator[tuple[str, Loss]]:
    if any(gate.clauses for gate in gates):
        for loss in LostDemands(mixtures, gates).losses().values():
            yield what, loss


def _roles(action: Action) -> list[str]:
    also = (role for each in action.also for role in each.approvers)
    return list(dict.fromkeys((*action.approvers, *also)))


def _listed(held: Sequence[Gate]) -> str:
    labels = [gate.label for gate in held]
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"


def _where(loss: Loss, *ends: Action) -> str:
    """The facts; where confidence and reach demand nothing, from and up to which."""
    if not loss.is_searched:
        return UNSEARCHED
    cell, held = dict(loss.cell), {gate.label for gate in loss.held}
    weighed = cell.pop(EVIDENCE, None)
    grades = [f"confidence {weighed[0]} before, {weighed[1]} now"] if weighed else []
    if CONFIDENCE not in held and (weighed or cell.pop("confidence", None) is not None):
        grades = [f"confidence>={max(each.auto_from or 0 for each in ends)}"]
    if BLAST not in held and cell.pop("blast_radius", None) is not None:
        grades.append(f"blast_radius<={min(each.auto_blast or 0 for each in ends)}")
    facts = shown(cell)
    return ", ".join([facts] * bool(facts) + grades) or EVERYWHERE
