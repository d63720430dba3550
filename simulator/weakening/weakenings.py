"""Owns what a candidate gives up of the baseline's approvals and safeties, found in the two bundles alone.

What an action needs in a state is the strictest of several reasons
(`simulator.weakening.approval_reasons`): its default mode and approvers, `auto_from` and `auto_blast`, each
also clause, each escalation that reaches its scope, each policy. For every reason of the baseline a state
is searched in which it holds and nothing of the candidate makes up for it. So no approval is lost in
silence: where the candidate demands less of an action than the baseline, some reason of the baseline holds
that nothing of the candidate makes up for, and that state is among those searched. The search is exact over
the finite cells of the columns involved, columns taken as independent; a search that is given up counts as
found. Errors are therefore on the side of reporting.

What lapses by one clause while others still demand as much may go with them: so for every state in which a
demand is lost each minimal set of clauses that loses it there is named (`simulator.weakening.joint_lapses`).

Compared are actions of one name, and an action that only the baseline has with those of the same option,
scope and request that only the candidate has: a new name is no way round. Not covered are actions that
are new in every respect, and what makes an action be chosen at all (rules, points, need). Who is behind
a role is compared too (`simulator.weakening.redirections`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from evidence.decision import Bundle
from evidence.decision.bundle import LastResorts
from evidence.decision.matrix import MODES, Action, Mode
from simulator.bundles.clauses import Clause, differences, hybrid
from simulator.weakening.allowances import ALL_WEIGHTS, TOGETHER, is_covered
from simulator.weakening.approval_reasons import Kind, Reason, reasons
from simulator.weakening.findings import Finding
from simulator.weakening.gates import touches
from simulator.weakening.joint_lapses import joint_lapses
from simulator.weakening.lapses import ACTIONS, Lapse
from simulator.weakening.policy_gaps import Verdicts
from simulator.weakening.redirections import Redirection, redirections


@dataclass(frozen=True, slots=True)
class Weakening:
    """An approval, an approver or another safety that is given up, and the clause by which.

    `id` is the clause's, or several joined by `+` where only together they give it up. `action` names
    the actions concerned. `witness` is a state in which it shows; empty where every state does.
    """

    id: str
    action: str
    kind: Kind
    what: str
    witness: str
    finding: Finding
    redirection: Redirection | None = None

    @property
    def is_approval(self) -> bool:
        """Whether it is an approval or an approver that is given up."""
        return self.finding.is_approval


def weakenings(baseline: Bundle, candidate: Bundle) -> tuple[Weakening, ...]:
    """Every weakening, the gravest finding first, then by the baseline's actions and their reasons."""
    found = [*_weakened(baseline, candidate), *_redirected(baseline, candidate)]
    order = list(Finding)
    return tuple(sorted(found, key=lambda each: order.index(each.finding)))


def _weakened(baseline: Bundle, candidate: Bundle) -> list[Weakening]:
    clauses = [each for each in differences(baseline, candidate) if each.can_decide]
    if not clauses:
        return []
    found = [
        *_merged(_told(baseline, candidate, clauses)),
        *_last_resorts(baseline, candidate),
    ]
    return [
        *found,
        *_latent(baseline, candidate, {part for each in found for part in each.id.split(TOGETHER)}),
    ]


def _redirected(baseline: Bundle, candidate: Bundle) -> Iterator[Weakening]:
    for each in redirections(baseline, candidate):
        yield Weakening(
            each.clause,
            ", ".join(each.actions),
            Kind.CONTACT,
            each.sentence,
            each.where,
            Finding.APPROVER_REDIRECTED,
            each,
        )


def _told(baseline: Bundle, candidate: Bundle, clauses: Sequence[Clause]) -> Iterator[Weakening]:
    """Each reason that lapses, and what only several clauses together give up."""
    verdicts = Verdicts()
    names = [(name, after) for name in baseline.actions for after in _names_after(baseline, candidate, name)]
    joint = [lapse for each in names for lapse in joint_lapses(baseline, candidate, clauses, *each, verdicts)]
    lapses = list(_lapses(baseline, candidate, clauses, verdicts))
    yield from lapses
    told = [each for each in lapses if each.is_approval]
    weights = TOGETHER.join(each.id for each in clauses if each.id.startswith(f"{ALL_WEIGHTS}."))
    for lapse in joint:
        named = TOGETHER.join(weights if each == ALL_WEIGHTS else each for each in lapse.clauses)
        if not any(each.action == lapse.name and is_covered(named, each.id) for each in told):
            what = (lapse.what, lapse.witness, Finding.APPROVAL_REMOVED)
            yield Weakening(TOGETHER.join(lapse.clauses), lapse.name, Kind.DEMAND, *what)


def _lapses(
    baseline: Bundle, candidate: Bundle, clauses: Sequence[Clause], verdicts: Verdicts
) -> Iterator[Weakening]:
    for name in baseline.actions:
        for after in _names_after(baseline, candidate, name):
            for reason in reasons(baseline, name, verdicts):
                lapse = reason.lapse(candidate, after)
                if lapse is not None and after == name:
                    for clause_id, shown in _blamed(baseline, candidate, clauses, reason, name, lapse):
                        yield _weakening(clause_id, name, reason.kind, shown)
                elif lapse is not None:
                    yield _weakening(f"actions.{after}", after, reason.kind, lapse)


def _names_after(baseline: Bundle, candidate: Bundle, name: str) -> list[str]:
    """The action's name in the candidate, or names that it may have been given."""
    if name in candidate.actions:
        return [name]
    action = baseline.actions[name]
    new = {each: other for each, other in candidate.actions.items() if each not in baseline.actions}
    return [each for each, other in new.items() if _is_alike(action, other)]


def _is_alike(action: Action, other: Action) -> bool:
    return (action.option, action.scope, action.request) == (other.option, other.scope, other.request)


def _blamed(
    baseline: Bundle,
    candidate: Bundle,
    clauses: Sequence[Clause],
    reason: Reason,
    name: str,
    lapse: Lapse,
) -> Iterator[tuple[str, Lapse]]:
    """Each clause that alone makes the reason lapse; else a set that does together.

    What is said of it is what the candidate gives up; only of a weight what it gives up by itself.
    """
    touching = [clause for clause in clauses if touches(clause.path, reason.touched)]
    alone = {clause.id: reason.lapse(hybrid(baseline, candidate, [clause]), name) for clause in touching}
    single = {clause_id: found for clause_id, found in alone.items() if found is not None}
    for clause_id, found in single.items():
        is_weight = reason.kind in (Kind.AUTO_FROM, Kind.FLOOR)
        yield clause_id, replace(found, finding=lapse.finding) if is_weight else lapse
    if not single:
        yield TOGETHER.join(each.id for each in _needed(baseline, candidate, touching, reason, name)), lapse


def _needed(
    baseline: Bundle, candidate: Bundle, touching: Sequence[Clause], reason: Reason, name: str
) -> list[Clause]:
    """A set of clauses, none of which can be left out, that together make the reason lapse."""
    needed = list(touching)
    for clause in touching:
        fewer = [each for each in needed if each is not clause]
        if reason.lapse(hybrid(baseline, candidate, fewer), name) is not None:
            needed = fewer
    return needed


def _weakening(clause_id: str, name: str, kind: Kind, lapse: Lapse) -> Weakening:
    is_grading = all(part.startswith("grading.") for part in clause_id.split(TOGETHER))
    return Weakening(
        clause_id, name, Kind.GRADING if is_grading else kind, lapse.what, lapse.witness, lapse.finding
    )


def _merged(found: Iterable[Weakening]) -> Iterator[Weakening]:
    """One weakening for all actions of which the same is said for the same clause."""
    groups: dict[tuple[str, str, str], list[Weakening]] = {}
    for each in found:
        groups.setdefault((each.id, each.what, each.finding), []).append(each)
    for group in groups.values():
        names = ", ".join(each.action for each in group)
        yield replace(group[0], action=names, what=group[0].what.replace(ACTIONS, names))


def _last_resorts(baseline: Bundle, candidate: Bundle) -> Iterator[Weakening]:
    """Another last resort for which less is asked."""
    for field in LastResorts.model_fields:
        old, new = (getattr(bundle.playbook.last_resorts, field) for bundle in (baseline, candidate))
        if old == new or not _asks_less(baseline.actions[old], candidate.actions[new]):
            continue
        what = f"the last resort for {field} is {new} ({candidate.actions[new].mode}); "
        what += f"it was {old} ({baseline.actions[old].mode})"
        yield Weakening(f"last_resorts.{field}", new, Kind.LAST_RESORT, what, "", Finding.APPROVAL_REMOVED)


def _asks_less(before: Action, after: Action) -> bool:
    if before.mode is Mode.AUTOMATIC:
        return False
    is_lower = MODES.index(after.mode) < MODES.index(before.mode)
    return is_lower or not set(before.approvers) <= set(after.approvers)


def _latent(baseline: Bundle, candidate: Bundle, known: set[str]) -> Iterator[Weakening]:
    """Gates that are lowered where something else asked or asks for approval all the same."""
    for name, before in baseline.actions.items():
        after = candidate.actions.get(name)
        if after is None or not (before.is_active and after.is_active):
            continue
        lowered = {
            Kind.MODE: MODES.index(after.mode) < MODES.index(before.mode),
            Kind.AUTO_FROM: (after.auto_from or 0) < (before.auto_from or 0),
            Kind.AUTO_BLAST: (after.auto_blast or 0) > (before.auto_blast or 0),
        }
        for kind, is_lowered in lowered.items():
            field = kind.value.replace("-", "_")
            clause_id = f"actions.{name}.{field}"
            if is_lowered and clause_id not in known:
                what = f"{name} has {field} {getattr(after, field)}; it was {getattr(before, field)}"
                yield Weakening(clause_id, name, kind, what, "", Finding.SAFETY_WEAKENED)
