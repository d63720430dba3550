"""A proposal as requests to automations: inert, in their own formats, only where they fit."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from evidence.handoff.proposals import DRAFTERS, Subject, propose

from . import request_formats
from .proposed import BARE, HOSTILE_SUBJECT, SUBJECT


def requests_of(action: str, subject: Subject = SUBJECT, **changes: Any) -> dict[str, Any]:
    """The bodies by the formats' first words."""
    proposal = propose(replace(subject, action=action, **changes))
    return {request.format.partition(" (")[0]: json.loads(request.text) for request in proposal.requests}


@pytest.mark.parametrize(
    "model", ["gitops_rollback", "iac_pipeline", "identity_workflow", "none", "operator"]
)
@pytest.mark.parametrize("subject", [SUBJECT, BARE, HOSTILE_SUBJECT], ids=["plain", "bare", "hostile"])
def test_every_request_is_valid_in_its_tools_format_and_not_executed(model: str, subject: Subject) -> None:
    """Whatever is known of the incident, and whatever its texts hold."""
    for action in sorted(DRAFTERS):
        for request in propose(replace(subject, action=action, execution_model=model)).requests:
            request_formats.hold(request)


@pytest.mark.parametrize(
    ("model", "tools"),
    [
        ("operator", ["StackStorm execution", "Argo Events event"]),
        ("identity_workflow", ["StackStorm execution"]),
        ("gitops_rollback", ["Argo Events event"]),
        ("iac_pipeline", []),
        ("none", []),
    ],
)
def test_a_tool_is_asked_only_for_its_trade(model: str, tools: list[str]) -> None:
    """Cloud resources change by a plan of the pipeline; what people do has no automation."""
    assert tools == list(requests_of("cordon_and_drain_node", execution_model=model))


def test_an_execution_names_the_action_who_approves_and_the_proposal() -> None:
    """The workflow gets the very text that people read."""
    body = requests_of("cordon_and_drain_node")["StackStorm execution"]
    assert "incident_response.cordon_and_drain_node" == body["action"]
    assert ["incident_commander"] == body["parameters"]["requires_approval_of"]
    assert propose(replace(SUBJECT, action="cordon_and_drain_node")).text == body["parameters"]["proposal"]


def test_an_event_has_the_same_id_for_the_same_proposal() -> None:
    """So that a sensor which gets it twice can tell."""
    first, again = requests_of("isolate_workload"), requests_of("isolate_workload")
    other = requests_of("isolate_workload", incident_id="inc-2")
    assert first["Argo Events event"]["id"] == again["Argo Events event"]["id"]
    assert first["Argo Events event"]["id"] != other["Argo Events event"]["id"]


def test_the_kill_switch_takes_a_user_and_a_key() -> None:
    """A session of a role has no user: what is not known is said, never guessed."""
    user = "arn:aws:iam::111122223333:user/build"
    known = requests_of("deactivate_access_key", principal=user)["AWS Lambda event"]
    assert {"user_name": "build", "access_key_id": "AKIAIOSFODNN7EXAMPLE"} == known
    assert {"to_fill_in": "user name"} == requests_of("deactivate_access_key")["AWS Lambda event"][
        "user_name"
    ]


def test_a_channel_is_opened_with_a_first_message() -> None:
    """Named by the incident; an id that Slack would refuse has no request."""
    proposal = propose(replace(SUBJECT, action="open_incident_channel", execution_model="none"))
    create, message = (json.loads(request.text) for request in proposal.requests)
    assert {"name": "inc-1", "is_private": True} == create
    assert "#inc-1" == message["channel"]
    assert proposal.text == "".join(block["text"]["text"] for block in message["blocks"][1:])
    assert {} == requests_of("open_incident_channel", incident_id="No Channel", execution_model="none")


def test_an_owners_message_goes_to_the_channel_of_the_catalogue() -> None:
    """Without one there is the draft alone."""
    known = requests_of("draft_for_owner", slack_channel="#payments", execution_model="none")
    assert "#payments" == known["Slack request"]["channel"]
    assert {} == requests_of("draft_for_owner", execution_model="none")


def test_nothing_in_a_message_mentions_anybody() -> None:
    """Slack's own marks are told from text by three characters, which are escaped."""
    title = "<!channel> & <@U1> :fire:"
    (message,) = propose(
        replace(
            SUBJECT, action="draft_for_owner", slack_channel="payments", title=title, execution_model="none"
        )
    ).requests
    assert "&lt;!channel&gt; &amp; &lt;@U1&gt; :fire:" in json.loads(message.text)["text"]
