"""Says what is recommended and which rules and claims speak for it."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.decision.bundle import Bundle
from evidence.handoff.claims import ClaimBook
from evidence.handoff.inert import quote
from evidence.handoff.model import Reason, Recommendation
from evidence.handoff.subjects import acts_on
from evidence.handoff.words import action_title, listed, lower_first, sentence
from evidence.redaction import shown
from evidence.times import format_rfc3339


def recommendation(book: ClaimBook, bundle: Bundle) -> Recommendation:
    """The decision of record in words, with the rules behind it."""
    case = book.case
    decision = case.decision
    title = action_title(decision["action"])
    named = acts_on(case)
    target = f" ({quote(named)})" if named else ""
    closes = "; closing is suggested" if decision["disposition"] == "close" else ""
    return Recommendation(
        option=decision["option"],
        action=decision["action"],
        title=title,
        target=shown(decision["target"]) if decision["target"] else None,
        disposition=decision["disposition"],
        sentence=f"Recommended: {lower_first(title)}{target}{closes}.",
        is_active=case.chosen["is_active"],
        basis=decision["basis"],
        moment=decision["moment"],
        decided_at=format_rfc3339(decision["decided_at"]),
        seconds_from_first_signal=decision["time_to_decision_seconds"],
        reasons=tuple(_reasons(book, bundle)),
    )


def _reasons(book: ClaimBook, bundle: Bundle) -> Iterator[Reason]:
    matched = set(book.case.decision["matched_rules"])
    for rule in bundle.rules:
        if rule.id in matched:
            claims = book.behind(rule.when)
            derived = "" if claims else f"rule {rule.id} over {book.case.state_place}"
            yield Reason(rule=rule.id, sentence=sentence(rule.because), claims=claims, derived_from=derived)
    preferred = book.case.decision["preferred_action"]
    if book.case.decision["is_aborted_by_policy"] and preferred:
        denials = [
            row for row in book.case.verdicts if row["action"] == preferred and row["verdict"] == "denied"
        ]
        names = [quote(row["policy"]) for row in denials]
        by = f"{'the policies' if len(names) > 1 else 'the policy'} {listed(names)}" if names else "policy"
        verb = "deny" if len(names) > 1 else "denies"
        yield Reason(
            rule="",
            sentence=f"'{action_title(preferred)}' would be preferred, but {by} {verb} it, whoever approves.",
            derived_from=f"decision.policy_verdicts, {preferred}",
        )
    if not matched:
        yield Reason(
            rule="",
            sentence="No rule gives a passive action any points; this is what is left to recommend.",
            derived_from="decision.option_scores: no matched rule",
        )
