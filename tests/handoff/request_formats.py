"""Holds requests to their tools' own formats: StackStorm's and CloudEvents' schemas, Slack's Block Kit."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from jsonschema import Draft202012Validator
from pydantic import BaseModel, ConfigDict, Field

from evidence.handoff.model import Request

# StackStorm's LiveActionCreateAPI, as far as whoever asks for an execution fills it.
STACKSTORM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "action": {"type": "string", "pattern": r"^[A-Za-z0-9_.-]+\.[A-Za-z0-9_-]+$"},
        "parameters": {
            "type": "object",
            "patternProperties": {r"^\w+$": {}},
            "additionalProperties": False,
        },
        "context": {"type": "object"},
        "notify": {"type": "object"},
        "delay": {"type": "integer"},
        "user": {"type": "string"},
    },
    "required": ["action"],
    "additionalProperties": False,
}
# The JSON format of CloudEvents 1.0 (spec.json); names of extensions are small letters and digits.
CLOUD_EVENT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "minLength": 1},
        "source": {"type": "string", "format": "uri-reference", "minLength": 1},
        "specversion": {"const": "1.0"},
        "type": {"type": "string", "minLength": 1},
        "datacontenttype": {"type": ["string", "null"], "minLength": 1},
        "dataschema": {"type": ["string", "null"], "format": "uri", "minLength": 1},
        "subject": {"type": ["string", "null"], "minLength": 1},
        "time": {"type": ["string", "null"], "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"},
        "data": {},
        "data_base64": {"type": ["string", "null"]},
    },
    "required": ["id", "source", "specversion", "type"],
    "patternProperties": {r"^[a-z0-9]{1,20}$": {}},
    "additionalProperties": False,
}


class Strict(BaseModel):
    """No key besides those of the API, no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Header(Strict):
    """plain_text of a header block."""

    type: Literal["plain_text"]
    text: Annotated[str, Field(min_length=1, max_length=150)]
    emoji: Literal[False]


class Words(Strict):
    """plain_text of a section block."""

    type: Literal["plain_text"]
    text: Annotated[str, Field(min_length=1, max_length=3000)]
    emoji: Literal[False]


class HeaderBlock(Strict):
    """The first block."""

    type: Literal["header"]
    text: Header


class SectionBlock(Strict):
    """Every other."""

    type: Literal["section"]
    text: Words


class PostMessage(Strict):
    """The arguments of chat.postMessage; nothing may be read as a mention or a link."""

    channel: Annotated[str, Field(pattern=r"^#[a-z0-9_-]{1,80}$")]
    text: Annotated[str, Field(min_length=1, max_length=40_000, pattern=r"^[^<>]*$")]
    mrkdwn: Literal[False]
    parse: Literal["none"]
    link_names: Literal[False]
    unfurl_links: Literal[False]
    unfurl_media: Literal[False]
    blocks: Annotated[list[HeaderBlock | SectionBlock], Field(min_length=2, max_length=50)]


class CreateConversation(Strict):
    """The arguments of conversations.create."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,80}$")]
    is_private: bool


def hold(request: Request) -> None:
    """Raises when the text is not valid in its tool's format, hides a blank, or is said to be executed."""
    assert request.executed is False
    assert request.text.isascii()
    _BY_FORMAT[request.format](json.loads(request.text))
    for blank in request.to_fill_in:
        assert blank.stands_as in request.text, blank


def _stackstorm(body: Any) -> None:
    Draft202012Validator(STACKSTORM).validate(body)
    assert body["parameters"]["executed"] is False


def _cloud_event(body: Any) -> None:
    Draft202012Validator(CLOUD_EVENT).validate(body)
    assert body["data"]["executed"] is False


def _kill_switch(body: Any) -> None:
    assert {"user_name", "access_key_id"} == set(body)
    assert all(isinstance(value, str) or set(value) == {"to_fill_in"} for value in body.values())


_BY_FORMAT = {
    "AWS Lambda event (credential kill switch)": _kill_switch,
    "Argo Events event (CloudEvents 1.0)": _cloud_event,
    "Slack request (chat.postMessage)": PostMessage.model_validate,
    "Slack request (conversations.create)": CreateConversation.model_validate,
    "StackStorm execution (POST /v1/executions)": _stackstorm,
}
