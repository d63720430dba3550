"""Drafts the post-incident record, so that nobody rebuilds a timeline by hand; people edit it afterwards."""

from __future__ import annotations

from evidence.handoff.case import Case
from evidence.handoff.claims import ClaimBook
from evidence.handoff.inert import quote
from evidence.handoff.model import IncidentRecord, Milestone, TimelineEntry
from evidence.handoff.timeline import later_timeline
from evidence.handoff.words import action_title, role_words
from evidence.times import format_rfc3339

_MILESTONES = (
    ("started", "started_at"),
    ("detected", "detected_at"),
    ("acknowledged", "acknowledged_at"),
    ("mitigated", "mitigated_at"),
    ("resolved", "resolved_at"),
)
# What to capture after every incident, and the four questions about quality.
_QUESTIONS = (
    "Which signal fired first, and was it high-confidence?",
    "Which enrichment helped, and did it narrow the decision correctly?",
    "Was the action that people took right, and the least risky effective one?",
    "Could the responder understand why it was recommended?",
    "Where did the playbook stall?",
    "What should change in the runbook, the policy or the alert?",
)


def incident_record(book: ClaimBook, known: tuple[TimelineEntry, ...]) -> IncidentRecord:
    """Summary, recorded times, the whole timeline and what people must still answer."""
    case = book.case
    later, more_count = later_timeline(book)
    return IncidentRecord(
        summary=_summary(case),
        milestones=tuple(
            Milestone(
                name=name,
                at=None if case.incident[column] is None else format_rfc3339(case.incident[column]),
                basis="as people recorded it in incident.yaml" if case.incident[column] else "not recorded",
            )
            for name, column in _MILESTONES
        ),
        recorded_response=_recorded_response(case),
        timeline=(*known, *later),
        later_more_count=more_count,
        later_recommendation=_later(case),
        questions=_QUESTIONS,
    )


def _summary(case: Case) -> str:
    first = case.state["first_signal_name"]
    signal = f"The first signal was {quote(first)}. " if first else "No signal is known. "
    where = case.state["service"] or case.state["principal"]
    place = f"It concerns {quote(where)}. " if where else ""
    return f"{quote(case.incident['title'])}. {signal}{place}To be edited by people."


def _recorded_response(case: Case) -> str:
    action, outcome = case.incident["action_taken"], case.incident["outcome"]
    if action is None:
        return "The record names no action that people took."
    at = case.incident["action_taken_at"]
    when = f" at {format_rfc3339(at)}" if at is not None else ""
    ended = f", outcome {quote(role_words(outcome))}" if outcome else ""
    return f"People recorded {quote(role_words(action))}{when}{ended}."


def _later(case: Case) -> str:
    later = case.decision["hindsight_action"]
    if later == case.decision["action"]:
        return "All evidence of the window, later evidence included, leads to the same recommendation."
    return (
        f"With all evidence of the window the recommendation would be '{action_title(later)}'. "
        "That is hindsight: it was not known at the decision."
    )
