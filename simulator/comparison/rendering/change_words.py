"""Owns the sentences about single changes: label, parting and responsible clauses."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.handoff.words import to_second
from simulator.comparison.model import (
    Change,
    ChangeClass,
    ChangeKind,
    ClauseChange,
    LabelEffect,
    Parting,
    Responsibility,
    VerdictChange,
)

INCIDENTS_NAMED_MAX = 3
MODE_WORDS = {
    "automatic": "automatic",
    "policy_gated": "policy-gated",
    "approval_required": "approval required",
}
_LABEL_WORDS = {
    LabelEffect.FIXES: "fixed",
    LabelEffect.REGRESSES: "regression",
    LabelEffect.STILL_RIGHT: "right before and now",
    LabelEffect.STILL_WRONG: "wrong before and now",
}
_LABEL_MARKS = {LabelEffect.FIXES: ("fixed",), LabelEffect.REGRESSES: ("regression",)}


def by_gravity(changed: Sequence[Change], kind: ChangeKind) -> tuple[Change, ...]:
    """Changes of the kind, the gravest class first, of one class regressions first, then by incident."""
    order = list(ChangeClass)
    return tuple(
        sorted(
            (change for change in changed if change.kind is kind),
            key=lambda change: (
                order.index(change.change_class) if change.change_class else len(order),
                change.label is not LabelEffect.REGRESSES,
                change.incident_id,
            ),
        )
    )


def regressions(changed: Sequence[Change]) -> tuple[Change, ...]:
    """Changes that lose the reviewer's agreement, by incident."""
    return tuple(change for change in changed if change.label is LabelEffect.REGRESSES)


def marks(change: Change) -> tuple[str, ...]:
    """The classes of the change, and whether it fixes or regresses."""
    return (*(each.value for each in change.classes), *_LABEL_MARKS.get(change.label, ()))


def label_words(change: Change) -> str:
    """What the reviewer wanted, and what becomes of it."""
    if change.label is LabelEffect.UNLABELLED:
        return "unlabelled"
    return f"{_LABEL_WORDS[change.label]}; the reviewer wanted {change.expected_option}"


def parting_sentence(parting: Parting | None) -> str:
    """Where the two recommendations first differ."""
    if parting is None:
        return "Both recommend the same all along."
    baseline = _recommended(parting.baseline_action, parting.baseline_mode)
    candidate = _recommended(parting.candidate_action, parting.candidate_mode)
    if baseline == candidate:  # then the approvers part
        baseline, candidate = (
            f"{said} of {', '.join(roles) or 'nobody'}"
            for said, roles in (
                (baseline, parting.baseline_approvers),
                (candidate, parting.candidate_approvers),
            )
        )
    after = ", after the horizon, so that no decision depends on it" if parting.is_hindsight else ""
    return f"{to_second(parting.known_at)}{after}: the baseline {baseline}, the candidate {candidate}."


def _recommended(action: str | None, mode: str | None) -> str:
    if action is None:
        return "recommends nothing yet"
    return f"recommends {action} ({MODE_WORDS[str(mode)]})"


def responsible_sentence(found: Responsibility) -> str:
    """How to read the minimal sets."""
    sets = found.minimal_sets
    if not sets:
        said = "No set of clauses was found that turns the decision by itself"
    elif len(sets) > 1:
        said = f"Each of these {len(sets)} sets turns the decision by itself"
    elif len(sets[0]) > 1:
        said = f"These {len(sets[0])} clauses together turn the decision; none can be left out"
    else:
        said = "This clause alone turns the decision"
    return said if found.is_exhaustive else f"{said}; not every set was tried, so that there may be others"


def necessary_clauses(found: Responsibility) -> tuple[str, ...]:
    """Clauses without which the candidate decides otherwise, where the sets do not say so already."""
    return () if found.minimal_sets == (found.necessary,) else found.necessary


def clause_words(clause: ClauseChange) -> str:
    """Old and new text of a clause."""
    return f"{_present(clause.old)} → {_present(clause.new)}"


def verdict_sentence(clause: ClauseChange) -> str:
    """On which proposals a policy says otherwise; empty for what is no policy."""
    if not clause.diff:
        return ""
    if not clause.verdicts:
        return "No verdict on a replayed proposal differs."
    return f"Verdicts on replayed proposals: {'; '.join(map(_verdicts, clause.verdicts))}."


def _verdicts(change: VerdictChange) -> str:
    incidents = change.incident_ids
    named = ", ".join(incidents[:INCIDENTS_NAMED_MAX])
    more = len(incidents) - INCIDENTS_NAMED_MAX
    old, new = change.old.replace("_", " "), change.new.replace("_", " ")
    told = f"{named} and {more} more" if more > 0 else named
    return f"{change.action} {old} → {new} in {len(incidents)} ({told})"


def is_edited_policy(clause: ClauseChange) -> bool:
    """Whether both sides have the policy, so that its lines say more than that it came or went."""
    return bool(clause.diff) and clause.old is not None and clause.new is not None


def _present(text: str | None) -> str:
    return "(absent)" if text is None else text
