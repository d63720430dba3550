"""Owns the phrases about a package that its Markdown and its HTML share, so that both say the same."""

from __future__ import annotations

from evidence.handoff.inert import quote
from evidence.handoff.model import Fact, Package
from evidence.handoff.words import VERDICT_WORDS, action_title, counted, lower_first, quoted_list, to_second
from evidence.times import duration

NOTHING_UNKNOWN = "No rule, precondition or policy asked for anything that is not known."


def as_of_words(package: Package) -> str:
    """The moment of the decision, and how long after the first signal it is."""
    seconds = package.recommendation.seconds_from_first_signal
    after = {None: "", 0: ", at the first signal"}.get(
        seconds, f", {duration(seconds or 0)} after the first signal"
    )
    return f"{to_second(package.as_of)}{after}"


def shown_facts(package: Package) -> list[Fact]:
    """The known facts but for stated severities, which stand with the figure that rests on them."""
    return [fact for fact in package.known_facts if not fact.name.startswith("severity_")]


def options_note(package: Package) -> str:
    """What the columns of the comparison mean."""
    need = next(row.best.need_points for row in package.options if row.best.is_active)
    return (
        f"Effect: points of the rules that match; an action that changes something needs {need}. "
        "Rung: how far it reaches and how hard it is to undo, 1 the least. "
        "Recommended is the lowest that is enough and passes every gate."
    )


def more_words(count: int) -> str:
    """What a timeline leaves out."""
    return f"{counted(count, 'further group')} of records, less telling, in intake.evidence_events"


def policy_lines(package: Package) -> list[tuple[str, str]]:
    """(verdict, sentence): each policy that does not just allow an action, then per action those that do."""
    said = [
        (
            verdict.verdict,
            f"{quote(verdict.policy)} {VERDICT_WORDS[verdict.verdict]} '{action_title(verdict.action)}': "
            f"{' '.join(map(lower_first, verdict.messages))}",
        )
        for verdict in package.policy_verdicts
        if verdict.verdict != "allow"
    ]
    allowing: dict[str, list[str]] = {}
    for verdict in package.policy_verdicts:
        if verdict.verdict == "allow":
            allowing.setdefault(verdict.action, []).append(verdict.policy)
    return said + [
        ("allow", f"{quoted_list(names)} {'allow' if len(names) > 1 else 'allows'} '{action_title(action)}'.")
        for action, names in allowing.items()
    ]
