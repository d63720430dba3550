"""Owns the proposal as requests to automations that would carry it: StackStorm, Argo Events, Slack, Lambda.

Each is the body that the tool's own API or event source takes, as inert text that nobody posts. A tool is
asked only where the action's execution model is its trade: workflows for operators and identities, an event
for what a cluster or Git does, a message where people are to read one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from evidence.handoff.model import Proposal, Request
from evidence.handoff.proposals import names
from evidence.handoff.proposals.blanks import in_request
from evidence.handoff.proposals.credentials import user_name
from evidence.handoff.proposals.quoting import json_text
from evidence.handoff.proposals.subject import Subject
from evidence.redaction import make_visible

PACK = "incident_response"
EVENT_TYPE = "incident.response.proposed"
_STACKSTORM = frozenset({"identity_workflow", "operator"})
_ARGO_EVENTS = frozenset({"gitops_rollback", "operator"})
_TO_THE_OWNER = frozenset({"draft_for_owner", "request_missing_context"})
# Limits of Slack's Block Kit, in characters.
_HEADER_MAX, _SECTION_MAX, _SECTIONS_MAX = 150, 3000, 20


def requests_for(subject: Subject, proposal: Proposal) -> tuple[Request, ...]:
    """The requests that fit the action, in the order of the tools; none where no automation would do it."""
    found = []
    if proposal.execution_model in _STACKSTORM:
        found.append(_stackstorm(subject, proposal))
    if proposal.execution_model in _ARGO_EVENTS:
        found.append(_argo_events(subject, proposal))
    if proposal.action == "deactivate_access_key":
        found.append(_kill_switch(subject))
    return (*found, *_slack(subject, proposal))


def _stackstorm(subject: Subject, proposal: Proposal) -> Request:
    """The body of `POST /v1/executions`; the pack and its action are the installation's own."""
    body = {"action": f"{PACK}.{proposal.action}", "parameters": _proposed(subject, proposal)}
    return Request(
        tool="StackStorm", format="StackStorm execution (POST /v1/executions)", text=json_text(body)
    )


def _argo_events(subject: Subject, proposal: Proposal) -> Request:
    """A CloudEvent as an event source hands it to a sensor; the same proposal has the same id."""
    data = _proposed(subject, proposal)
    event = {
        "specversion": "1.0",
        "id": hashlib.sha256(json_text(data).encode()).hexdigest()[:32],
        "source": "/incident-evidence/handoff",
        "type": EVENT_TYPE,
        "subject": subject.incident_id,
        "time": subject.as_of,
        "datacontenttype": "application/json",
        "data": data,
    }
    return Request(tool="Argo Events", format="Argo Events event (CloudEvents 1.0)", text=json_text(event))


def _kill_switch(subject: Subject) -> Request:
    """The event of the function that makes one access key inactive: a user's name and the key's id."""
    blanks = in_request()
    event = {
        "user_name": blanks.fill(user_name(subject.principal), "user name", names.iam_name),
        "access_key_id": blanks.fill(subject.credential, "access key id", names.access_key_id),
    }
    return Request(
        tool="AWS Lambda",
        format="AWS Lambda event (credential kill switch)",
        text=json_text(event),
        to_fill_in=blanks.to_fill_in,
    )


def _slack(subject: Subject, proposal: Proposal) -> Iterator[Request]:
    """A message to the owner's channel, or a channel of its own and its first message."""
    if proposal.action == "open_incident_channel" and names.slack_channel(subject.incident_id):
        body = {"name": subject.incident_id, "is_private": True}
        yield Request(tool="Slack", format="Slack request (conversations.create)", text=json_text(body))
        yield _message(subject, proposal, f"#{subject.incident_id}")
    channel = (subject.slack_channel or "").removeprefix("#")
    if proposal.action in _TO_THE_OWNER and names.slack_channel(channel):
        yield _message(subject, proposal, f"#{channel}")


def _message(subject: Subject, proposal: Proposal, channel: str) -> Request:
    """Plain text only: nothing in it is read as a mention, a link or an emoji."""
    title = make_visible(f"{subject.incident_id}: {subject.title}")
    parts = [proposal.text[at : at + _SECTION_MAX] for at in range(0, len(proposal.text), _SECTION_MAX)]
    body = {
        "channel": channel,
        "text": _escaped(f"Draft, not sent. {title}"),
        "mrkdwn": False,
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": [
            {"type": "header", "text": _plain(title[:_HEADER_MAX])},
            *({"type": "section", "text": _plain(part)} for part in parts[:_SECTIONS_MAX]),
        ],
    }
    return Request(tool="Slack", format="Slack request (chat.postMessage)", text=json_text(body))


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _escaped(text: str) -> str:
    """The three characters by which Slack tells its own marks from text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _proposed(subject: Subject, proposal: Proposal) -> dict[str, Any]:
    return {
        "incident_id": subject.incident_id,
        "action": proposal.action,
        "acts_on": proposal.acts_on,
        "as_of": subject.as_of,
        "requires_approval_of": list(subject.approvers),
        "proposal_format": proposal.format,
        "proposal": proposal.text,
        "executed": False,
    }
