"""Says whom the package addresses, who must approve, what is asked for and who looks again when."""

from __future__ import annotations

from evidence.decision.bundle import Bundle
from evidence.errors import HandoffRefused
from evidence.handoff.case import Case
from evidence.handoff.claims import ClaimBook
from evidence.handoff.inert import quote
from evidence.handoff.model import Approval, Approver, Owner
from evidence.handoff.words import (
    EXECUTION_WORDS,
    REVIEW_WITHIN,
    bare_name,
    listed,
    lower_first,
    role_words,
    sentence,
)
from evidence.redaction import shown

_REQUESTS = {
    "monitor": "Please look at the facts once, and then watch the signals; nothing else is asked of you.",
    "enrich": "Please answer or run what the proposal lists; with it the recommendation is made anew.",
    "escalate": "Please take command: read the options below, decide, and say who acts.",
    "notify": "Please review the draft, correct it, and decide who receives it.",
}
COMMANDER = "incident_commander"
_CLOSE = "Please look at the facts, and close the incident if you agree; the package closes nothing."


def owner(book: ClaimBook, bundle: Bundle) -> Owner:
    """The owner; without one the fallback of the escalation policy, and that is said."""
    case, entry = book.case, book.case.service_entry
    name, fallback = case.state["owner"], bundle.approvers.fallback
    channel, policy = (entry[column] if entry else None for column in ("slack_channel", "escalation_policy"))
    claim = book.by_column.get("owner")
    where = f"{case.state_place}: owner{'' if name else ' is NULL'}"
    addressee = shown(bare_name(name) if name else fallback.contact)
    said = f"{quote(addressee)} owns what is affected."
    if not name:
        said = f"No owner is known; addressed to the fallback of the escalation policy: {quote(addressee)}."
    return Owner(
        addressee=addressee,
        is_fallback=not name,
        sentence=said,
        slack_channel=shown(channel) if channel else None,
        escalation_policy=shown(policy) if policy else None,
        claims=() if claim is None else (claim,),
        derived_from=where if claim is None else "",
    )


def approval(case: Case, bundle: Bundle) -> Approval:
    """Who must approve and why. Raises HandoffRefused when roles and contacts do not pair up."""
    decision = case.decision
    roles, contacts = decision["approvers"], decision["approver_contacts"]
    if len(roles) != len(contacts):
        raise HandoffRefused(f"{case.incident_id}: {len(roles)} approver roles but {len(contacts)} contacts")
    approvers = tuple(
        Approver(
            role=role, title=role_words(role).capitalize(), duty=_duty(bundle, role), contact=shown(contact)
        )
        for role, contact in zip(roles, contacts, strict=True)
    )
    reasons = [_reason_words(reason) for reason in decision["mode_reasons"]]
    if not reasons and decision["action"] in bundle.actions:
        reasons = [sentence(bundle.actions[decision["action"]].reason)]
    return Approval(
        mode=decision["mode"],
        sentence=_approval_sentence(case, approvers),
        approvers=approvers,
        reasons=tuple(reasons),
    )


def _approval_sentence(case: Case, approvers: tuple[Approver, ...]) -> str:
    names = ", ".join(f"{lower_first(approver.title)} ({quote(approver.contact)})" for approver in approvers)
    mode = case.decision["mode"]
    if mode == "approval_required":
        return f"Approval required of {names}, before anybody acts."
    if mode == "policy_gated":
        also = f" Answerable: {names}." if names else ""
        return f"Policy-gated: it may begin only while every policy below allows it.{also}"
    if not case.chosen["is_active"]:
        return "No approval is needed: the recommended action changes no running system."
    return "The playbook demands no approval for it; this package still leaves the action to you."


def commander(case: Case, bundle: Bundle) -> str:
    """Who commands incidents by the approver map; its fallback when it has no such role."""
    roles = bundle.approvers.roles
    if COMMANDER in roles:
        return shown(bundle.approvers.contact_of(COMMANDER, case.state["owner"]))
    return shown(bundle.approvers.fallback.contact)


def requested_action(case: Case, bundle: Bundle, given: Approval) -> str:
    """What the reader is asked to do."""
    chosen = case.chosen
    if not chosen["is_active"]:
        return _passive_request(case, bundle, given)
    machinery = EXECUTION_WORDS[chosen["execution_model"]]
    if given.mode == "approval_required":
        who = _titles(given)
        return f"{who}: please approve or refuse. After an approval, pass the proposal to {machinery}."
    if given.mode == "policy_gated":
        return f"Please see that the policies still allow it, then pass the proposal to {machinery}."
    return f"Please go through the proposal's checks, then pass it to {machinery}."


def _passive_request(case: Case, bundle: Bundle, given: Approval) -> str:
    option = case.decision["option"]
    if case.decision["disposition"] == "close":
        return _CLOSE
    if given.mode == "approval_required":
        return f"{_titles(given)}: please review and correct the draft; nothing goes out before you approve."
    if option == "escalate":
        return f"{quote(commander(case, bundle))}: {lower_first(_REQUESTS[option])}"
    return _REQUESTS.get(option, _REQUESTS["escalate"])


def next_review_step(case: Case, addressee: str, given: Approval) -> str:
    """Who looks again, within which time, at what."""
    within = REVIEW_WITHIN.get(case.decision["severity"], REVIEW_WITHIN[None])
    if given.mode == "approval_required":
        verb = "answers" if len(given.approvers) == 1 else "answer"
        silence = "silence is not an approval, and goes to the incident commander"
        return f"Within {within}: {lower_first(_titles(given))} {verb}; {silence}."
    if case.decision["option"] == "escalate":
        return f"Within {within}: the incident commander decides, or says who does."
    if case.decision["missing_context"]:
        return (
            f"Within {within}: {quote(addressee)} fills in the missing context; the evidence is read again."
        )
    return (
        f"Within {within}: {quote(addressee)} compares the signals with this package, and with new evidence."
    )


def _titles(given: Approval) -> str:
    """`Incident commander, resource owner and security lead`."""
    titles = [approver.title for approver in given.approvers]
    return listed([*titles[:1], *map(lower_first, titles[1:])])


def _duty(bundle: Bundle, role: str) -> str:
    roles = bundle.approvers.roles
    return sentence(roles[role].title) if role in roles else ""


def _reason_words(reason: str) -> str:
    return sentence(reason if " " in reason else role_words(reason).replace("-", " "))
