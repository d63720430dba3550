"""Slack exports: messages are the responders' words, users and channels are names."""

from __future__ import annotations

from typing import Any

import pytest

from .reading import events_of, picked, reading_of, refusals_of
from .samples import document

DAY = document("slack-2026-01-14.json")


def test_a_message_is_a_response() -> None:
    """Author by the name that the message carries; nothing that a rule could see."""
    message, bot, joined = events_of(DAY)
    assert picked(message, "kind", "is_response", "actor", "actor_kind", "event_time") == {
        "kind": "response",
        "is_response": True,
        "actor": "Jonas Weber",
        "actor_kind": "human",
        "event_time": 1768382340000200000,
    }
    assert picked(bot, "actor", "actor_kind", "activity") == {
        "actor": "deploybot",
        "actor_kind": "service",
        "activity": "bot_message",
    }
    assert ("U02ABCDE1", "channel_join") == (joined["actor"], joined["activity"])


@pytest.mark.parametrize("name", ["slack-users.json", "slack-channels.json"])
def test_users_and_channels_are_read_as_names_only(name: str) -> None:
    """They are recognised, counted, and state no event."""
    reading = reading_of(document(name))
    assert ["slack_directory"] == [reading.reader.format if reading.reader else None]
    assert [("", ())] == [(record.reason, record.events) for record in reading.records]


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"ts": "soon"}, ("time_invalid", "/ts")),
        ({"ts": 1768382340}, ("field_invalid", "/ts")),
        ({"text": ["x"]}, ("field_invalid", "/text")),
        ({"user_profile": "Jonas"}, ("field_invalid", "/user_profile")),
    ],
)
def test_what_can_be_wrong(change: dict[str, Any], refusal: tuple[str, str]) -> None:
    """Each fault is named with its pointer."""
    assert [refusal] == refusals_of([{**DAY[0], **change}])


def test_a_zip_is_to_be_unpacked() -> None:
    """The refusal says what to do."""
    (record,) = reading_of(b"PK\x03\x04rest").records
    assert ("unknown_format", "a zip archive: unpack it, and each of its files is read") == (
        record.reason,
        record.detail,
    )
