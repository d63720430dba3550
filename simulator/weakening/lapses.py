"""Owns how it is said that a reason lapses: the sentence, the kind of finding, and a state that shows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evidence.decision.bundle import Escalation
from evidence.decision.matrix import MODES, Action, Mode
from evidence.decision.policies import Verdict
from simulator.weakening.findings import Finding
from simulator.weakening.policy_gaps import PolicyGap
from simulator.weakening.restated import EVERYWHERE

ACTIONS = "{actions}"  # stands in a sentence for the actions that it is about


@dataclass(frozen=True, slots=True)
class Lapse:
    """Where a reason lapses: a sentence about ACTIONS, and a state (empty where it does in every state)."""

    what: str
    witness: str
    finding: Finding = Finding.APPROVAL_REMOVED


def lapse_of(what: str, witness: str | None, finding: Finding = Finding.APPROVAL_REMOVED) -> Lapse | None:
    """The lapse, if there is a state that shows it."""
    if witness is None:
        return None
    return Lapse(what, "" if witness == EVERYWHERE else witness, finding)


def role_lapse(
    before: Action, after: Action, missing: Sequence[str], when: str | None, witness: str | None
) -> Lapse | None:
    """Roles that are not asked any more: their approval is gone, also where other roles are asked instead."""
    if not missing:
        return None
    gone, now = ", ".join(missing), ", ".join(after.approvers)
    new = [role for role in after.approvers if role not in before.approvers]
    if len(new) >= len(missing) and is_at_least(after.mode, before.mode):
        return lapse_of(f"{ACTIONS} asks {now} instead of {gone}", witness)
    where = f"; it asks {now}" if now else ""
    if when is not None:
        where = f"; it did where `{when}` is true or unknown"
    return lapse_of(f"{ACTIONS} no longer asks {gone}{where}", witness)


def at_once(witness: str | None, after: Action) -> str | None:
    """The state, in which the candidate must also be sure enough and reach little enough to ask nobody."""
    if witness is None or not after.is_active or after.mode is Mode.APPROVAL_REQUIRED:
        return witness
    graded = f"{sure(after)}, {narrow(after)}"
    return graded if witness == EVERYWHERE else f"{witness}, {graded}"


def sure(after: Action) -> str:
    """Confidences at which the action needs no approval for them."""
    return f"confidence>={after.auto_from or 0}"


def narrow(after: Action) -> str:
    """Blast radii at which the action needs no approval for them."""
    return f"blast_radius<={after.auto_blast or 0}"


def escalation_lapse(
    escalation: Escalation, found: str | None, alone: str | None, after: Action, *, is_demanded: bool
) -> Lapse | None:
    """An escalation that no longer demands what it did: an approval where nothing else does, else told apart.

    `found` is a state in which no escalation of the candidate demands as much, `alone` one in which at most
    others do that the baseline had as well. `is_demanded`: the baseline's default mode demands it anyway.
    """
    what = f"escalation {escalation.id} no longer demands {escalation.mode} of {ACTIONS} where it did"
    is_asked = is_at_least(after.mode, escalation.mode)
    if found is not None and not is_asked and not is_demanded:
        return lapse_of(what, at_once(found, after))
    anyway = "; the matrix does all the same" if is_asked else ""
    if found is None and not is_asked:
        anyway = "; another escalation does all the same"
    return lapse_of(f"{what}{anyway}", alone, Finding.SAFETY_WEAKENED)


def policy_lapse(policy: str, gaps: Iterable[PolicyGap], after: Action, *, is_demanded: bool) -> Lapse | None:
    """The gravest gap: an approval that nothing asks for any more, then a denial, then what is asked anyway.

    `is_demanded`: the baseline's default mode demands approval anyway.
    """
    denial = asked = None
    for gap in gaps:
        is_denial = gap.before is Verdict.DENIED
        what = f"policy {policy} no longer {'denies' if is_denial else 'asks for approval of'} {ACTIONS}"
        is_asked = after.mode is Mode.APPROVAL_REQUIRED
        if gap.after is Verdict.ALLOW and not is_asked and (is_denial or not is_demanded):
            return lapse_of(f"{what} where it did", at_once(gap.witness, after))
        anyway = "; the matrix asks all the same" if is_asked and not is_denial else ""
        found = lapse_of(f"{what} where it did{anyway}", gap.witness, Finding.SAFETY_WEAKENED)
        denial, asked = (denial or found, asked) if is_denial else (denial, asked or found)
    return denial or asked


def is_at_least(mode: Mode, other: Mode) -> bool:
    """Whether the mode is as strict as the other."""
    return MODES.index(mode) >= MODES.index(other)
