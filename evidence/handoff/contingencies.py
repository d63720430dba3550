"""If this, then that: derived from the decision's mode, gates, unknowns and the proposal's undo."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.decision.bundle import Bundle
from evidence.handoff.case import Case, Row
from evidence.handoff.model import Approval, Contingency, Proposal
from evidence.handoff.words import MODE_WORDS, action_title, lower_first, role_words


def contingencies(case: Case, bundle: Bundle, given: Approval, proposal: Proposal) -> tuple[Contingency, ...]:
    """In the order in which a responder meets them: before, during and after, then what may change."""
    chosen = case.option_row(case.decision["action"])
    found: list[Contingency] = []
    if chosen is not None and chosen["is_active"]:
        found += _of_active(case, bundle, given, proposal, chosen)
    found += _of_policy(case)
    found += _of_context(case)
    found += _of_unmet(case, bundle)
    found.append(
        Contingency(
            condition="new evidence arrives, or the incident spreads",
            response="read it in and compare: the recommendation is made anew, and may be another",
        )
    )
    return tuple(found)


def _of_active(
    case: Case, bundle: Bundle, given: Approval, proposal: Proposal, chosen: Row
) -> Iterator[Contingency]:
    following = _next_up(case, chosen)
    instead = (
        f"consider {_named(following)}"
        if following
        else "hand to the incident commander; no other action is admissible"
    )
    if given.mode == "approval_required":
        yield Contingency(
            condition="the approval is refused", response=f"do not act on the proposal; {instead}"
        )
        yield Contingency(
            condition="nobody who may approve answers in time",
            response="hand to the incident commander with this package; silence is not an approval",
        )
    action = bundle.actions.get(chosen["action"])
    if action and action.floor is not None:
        yield Contingency(
            condition=f"confidence falls below {action.floor}",
            response="the recommendation lapses to a passive one: gather evidence first",
        )
    if action and action.needs:
        needs = ", ".join(need.id.replace("-", " ") for need in action.needs)
        yield Contingency(
            condition=f"one of the preconditions no longer holds ({needs})",
            response=f"do not act on the proposal; {instead}",
        )
    yield Contingency(
        condition="the action does not help", response=f"take it back if it can be taken back; {instead}"
    )
    yield Contingency(
        condition="the action must be taken back", response=lower_first(proposal.undo).removesuffix(".")
    )


def _of_policy(case: Case) -> Iterator[Contingency]:
    preferred = case.decision["preferred_action"]
    if case.decision["is_aborted_by_policy"] and preferred:
        denied = sorted(
            {
                row["policy"]
                for row in case.verdicts
                if row["action"] == preferred and row["verdict"] == "denied"
            }
        )
        by = f" ({', '.join(denied)})" if denied else ""
        yield Contingency(
            condition=f"the policy that denies '{action_title(preferred)}'{by} comes to allow it",
            response="have the decision made anew; until then policy stops it, whoever approves",
        )


def _of_context(case: Case) -> Iterator[Contingency]:
    missing = case.decision["missing_context"]
    if missing:
        effective = [row for row in case.options if row["is_active"] and row["is_effective"]]
        names = ", ".join(_named(row) for row in sorted(effective, key=lambda row: row["rung"]))
        yield Contingency(
            condition=f"the {' and the '.join(role_words(name) for name in missing)} becomes known",
            response=f"have the decision made anew; enough speaks for {names}"
            if names
            else "have the decision made anew",
        )


def _of_unmet(case: Case, bundle: Bundle) -> Iterator[Contingency]:
    """Effective actions that only a precondition or the confidence keeps back."""
    for row in sorted(case.options, key=lambda row: row["rung"]):
        if (
            not row["is_active"]
            or not row["is_effective"]
            or row["is_chosen"]
            or not row["is_allowed_by_policy"]
        ):
            continue
        if row["failed_preconditions"]:
            needs = " and ".join(name.replace("-", " ") for name in row["failed_preconditions"])
            yield Contingency(
                condition=f"it is established that '{needs}' holds",
                response=f"{_named(row)} becomes possible ({MODE_WORDS[row['mode']]})",
            )
        elif not row["is_confidence_sufficient"]:
            action = bundle.actions.get(row["action"])
            floor = f" {action.floor}" if action and action.floor is not None else " its floor"
            yield Contingency(
                condition=f"further evidence raises confidence to{floor}",
                response=f"{_named(row)} becomes possible ({MODE_WORDS[row['mode']]})",
            )


def _next_up(case: Case, chosen: Row) -> Row | None:
    admissible = [
        row
        for row in case.options
        if row["is_admissible"] and row["is_effective"] and row["rung"] > chosen["rung"]
    ]
    return min(admissible, key=lambda row: row["rung"], default=None)


def _named(row: Row) -> str:
    return f"'{action_title(row['action'])}'"
