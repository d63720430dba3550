"""Drafts of messages: to owners, to those who answer to customers and the law, to the incident commander."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.handoff.inert import quote
from evidence.handoff.proposals.subject import Draft, Subject
from evidence.redaction import make_visible

_CHECKS = (
    "The addressee is right, and may see what the message says.",
    "Every sentence is still true when it is sent.",
)
_UNDO = "A sent message cannot be taken back; a correction can follow."


def for_owner(subject: Subject) -> Draft:
    """What the owner is asked to look at."""
    return _message(
        subject,
        "Message draft (owner)",
        to=f"{subject.addressee}{_channel(subject)}{_dependency_owner(subject)}",
        ask="Please look at the facts below and tell whether this is known on your side.",
    )


def for_customer_legal_compliance(subject: Subject) -> Draft:
    """One draft for three readers; none of them is a statement to customers."""
    return _message(
        subject,
        "Message draft (customer, legal and compliance review)",
        to="; ".join(subject.readers) or subject.addressee,
        ask=(
            "Customer data may be concerned. Please review whether and whom to inform, and within which time."
            " This is a draft for review and not a statement to customers or authorities."
        ),
        questions=(
            "Customer reviewer: which customers could be concerned, and what do contracts promise them?",
            "Legal: does a duty to report follow from the facts, and when does its time begin?",
            "Compliance: which records must be kept, and who may see them?",
        ),
        open_points=subject.brief.decisive_points,
    )


def for_commander(subject: Subject) -> Draft:
    """A briefing that fits on a phone."""
    return _message(
        subject,
        "Briefing draft (incident commander)",
        to=subject.commander,
        ask="Please take command: read the options compared in the package, decide, and say who acts.",
    )


def for_channel(subject: Subject) -> Draft:
    """The first message of an incident channel, with its name."""
    return _message(
        subject,
        "Incident channel draft",
        to=f"#{subject.incident_id}",
        ask="Please gather here. Evidence first, then the options; nothing is acted on from this message.",
    )


def for_missing_context(subject: Subject) -> Draft:
    """Asks for exactly the context that keeps any active response from being considered."""
    return _message(
        subject,
        "Message draft (request for missing context)",
        to=f"{subject.addressee}{_channel(subject)}",
        ask="No active response can be considered before this is known. Please answer what you can.",
    )


def watch(subject: Subject) -> Draft:
    """A note for the incident's ticket: keep watching, or close."""
    closes = subject.disposition == "close"
    ask = (
        "The evidence suggests to close this incident. Please look at the facts, and close it if you agree."
        if closes
        else "Please keep an eye on the signals below; the recommendation changes when the evidence does."
    )
    return _message(
        subject,
        "Ticket note draft (close)" if closes else "Ticket note draft (keep watching)",
        to=subject.addressee,
        ask=ask,
    )


def generic(subject: Subject) -> Draft:
    """A request in words, for an action of a bundle that has no format of its own here."""
    return _message(
        subject,
        "Request draft",
        to=subject.addressee,
        ask=subject.brief.requested or "Please review the recommendation.",
    )


def _message(
    subject: Subject,
    format_: str,
    *,
    to: str,
    ask: str,
    questions: Sequence[str] = (),
    open_points: Sequence[str] | None = None,
) -> Draft:
    brief = subject.brief
    unknown = brief.open_points if open_points is None else open_points
    lines = [
        "Draft, not sent.",
        f"To: {to}",
        f"Subject: {subject.incident_id}: {subject.title}",
        "",
        ask,
        *_list(f"What is known as of {subject.as_of}:", brief.summary),
        *_list("Actions for which enough speaks, and why they are not recommended:", brief.contenders),
        *_list("What is not known:", unknown),
        *_list("Questions:", questions),
    ]
    return Draft(format_, "text/plain", "\n".join(map(make_visible, lines)), _CHECKS, _UNDO)


def _list(heading: str, sentences: Sequence[str]) -> list[str]:
    return ["", heading, *(f"- {sentence}" for sentence in sentences)] if sentences else []


def _dependency_owner(subject: Subject) -> str:
    """Where time is lost in what somebody else owns, they are asked too."""
    return f"; {subject.dependency_owner}" if subject.dependency_owner else ""


def _channel(subject: Subject) -> str:
    return f" ({quote(subject.slack_channel)})" if subject.slack_channel else ""
