"""Sets all eight options side by side, with the gates, guardrails and policies that let them pass or not."""

from __future__ import annotations

import re
from typing import cast

from evidence.decision.bundle import Bundle
from evidence.errors import HandoffRefused
from evidence.handoff.case import Case, Row
from evidence.handoff.claims import ClaimBook
from evidence.handoff.inert import quote
from evidence.handoff.model import (
    Candidate,
    Gate,
    Guardrail,
    GuardVerdict,
    Option,
    OptionRow,
    PolicyVerdict,
)
from evidence.handoff.words import action_title, role_words, sentence
from evidence.redaction import shown
from expectations.tables.decision import OPTIONS


def options(case: Case, bundle: Bundle) -> tuple[OptionRow, ...]:
    """All eight options in their fixed order. Raises HandoffRefused when one is not there."""
    rows = []
    for option in OPTIONS:
        candidates = [row for row in case.options if row["option"] == option]
        best = [row for row in candidates if row["is_best_of_option"]]
        if len(best) != 1:
            raise HandoffRefused(
                f"{case.incident_id}: option {option} has {len(best)} best actions, expected 1"
            )
        others = tuple(_candidate(case, bundle, row) for row in candidates if row is not best[0])
        rows.append(
            OptionRow(option=cast(Option, option), best=_candidate(case, bundle, best[0]), others=others)
        )
    return tuple(rows)


def _candidate(case: Case, bundle: Bundle, row: Row) -> Candidate:
    return Candidate(
        action=row["action"],
        title=action_title(row["action"]),
        target=shown(row["target"]) if row["target"] else None,
        is_active=row["is_active"],
        rung=row["rung"],
        effect_points=row["effect_points"],
        need_points=row["need_points"],
        matched_rules=tuple(row["matched_rules"]),
        gates=_gates(case, bundle, row) if row["is_active"] else (),
        mode=row["mode"],
        approvers=tuple(row["approvers"]),
        execution_model=row["execution_model"],
        is_chosen=row["is_chosen"],
        lost_because=sentence(_in_words(bundle, row["lost_because"])),
    )


def _gates(case: Case, bundle: Bundle, row: Row) -> tuple[Gate, ...]:
    action = bundle.actions.get(row["action"])
    floor = action.floor if action else None
    missing = ", ".join(role_words(name) for name in case.decision["missing_context"])
    denials = [verdict for verdict in case.verdicts if verdict["action"] == row["action"]]
    strict = [verdict["policy"] for verdict in denials if verdict["verdict"] == "denied"]
    return (
        Gate(
            name="effect",
            is_passed=row["is_effective"],
            detail=f"{row['effect_points']} of {row['need_points']} points",
        ),
        Gate(
            name="context",
            is_passed=row["is_context_complete"],
            detail=f"missing: {missing}" if missing else "complete",
        ),
        Gate(
            name="confidence",
            is_passed=row["is_confidence_sufficient"],
            detail=f"{case.decision['confidence']}, floor {'unknown' if floor is None else floor}",
        ),
        Gate(
            name="preconditions",
            is_passed=row["are_preconditions_met"],
            detail=_preconditions(row["failed_preconditions"]),
        ),
        Gate(
            name="policy",
            is_passed=row["is_allowed_by_policy"],
            detail=f"denied by {', '.join(map(quote, strict))}" if strict else "not denied",
        ),
    )


def _preconditions(failed: list[str]) -> str:
    return f"false or unknown: {', '.join(map(quote, failed))}" if failed else "met"


def guardrails(book: ClaimBook, bundle: Bundle) -> tuple[Guardrail, ...]:
    """Guardrails of every action that comes into question (`actions_in_question`); none is passed over."""
    asked = actions_in_question(book.case)
    found = []
    for guard in bundle.guardrails:
        row = book.case.option_row(guard.action) if guard.action in asked else None
        if row is None:
            continue
        claims = book.behind(guard.precondition)
        failed = guard.held_by in row["failed_preconditions"]
        verdict: GuardVerdict = "not_evaluable" if guard.not_evaluable else "broken" if failed else "holds"
        found.append(
            Guardrail(
                name=guard.id,
                action=guard.action,
                sentence=sentence(guard.text),
                verdict=verdict,
                reason=_guard_reason(guard.held_by, guard.not_evaluable, failed),
                claims=claims,
                derived_from=""
                if claims
                else f"decision.option_scores, {guard.action}: {guard.held_by or guard.id}",
            )
        )
    return tuple(found)


def _guard_reason(held_by: str | None, not_evaluable: str | None, failed: bool) -> str:
    if not_evaluable:
        return sentence(not_evaluable)
    return f"Precondition {held_by} is {'false or not known' if failed else 'known to be true'}."


def policy_verdicts(case: Case, bundle: Bundle) -> tuple[PolicyVerdict, ...]:
    """What policies say to every action that comes into question."""
    asked = actions_in_question(case)
    return tuple(
        PolicyVerdict(
            policy=row["policy"],
            action=row["action"],
            verdict=row["verdict"],
            messages=tuple(sentence(_in_words(bundle, shown(message))) for message in row["messages"]),
            unknown_inputs=tuple(row["unknown_inputs"]),
        )
        for row in case.verdicts
        if row["action"] in asked
    )


def actions_in_question(case: Case) -> frozenset[str]:
    """The recommended action, the one preferred but for policy, and every active one that is effective."""
    named = {case.decision["action"], case.decision["preferred_action"]} - {None}
    return frozenset(
        named | {row["action"] for row in case.options if row["is_active"] and row["is_effective"]}
    )


def _in_words(bundle: Bundle, text: str) -> str:
    """The text with the names of actions and roles as people read them."""
    for name in sorted(bundle.actions, key=len, reverse=True):
        text = re.sub(rf"\b{name}\b", f"'{action_title(name)}'", text)
    for role in bundle.approvers.roles:
        text = re.sub(rf"\b{role}\b", role_words(role), text)
    return text
