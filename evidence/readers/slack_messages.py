"""Reads messages of Slack exports: a channel folder's day files, arrays of messages.

Recognised by `type` message beside `ts`. Every message is a response event: what people and bots said is
shown on the responders' timeline and reaches no rule, because a decision must not rest on talk about it.
Wrong can be: the time. Identity: client_msg_id and the last edit; messages of bots have none.
"""

from __future__ import annotations

from collections.abc import Iterable

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Json, Reader, SourceFacts
from evidence.times import parse_unix_seconds

BASE_EVENT = 0


def is_record(record: Json) -> bool:
    """Whether it has the keys of a message."""
    return record.get("type") == "message" and "ts" in record


def read(record: Json, around: Around) -> Iterable[Event]:
    """One response event."""
    written = fields.text(record, "ts")
    actor, kind = _author(record)
    event: Event = {
        "pointer": "",
        "kind": "response",
        "is_response": True,
        "class_uid": BASE_EVENT,
        "name": "message",
        "activity": fields.optional_text(record, "subtype") or "message",
        "message": fields.optional_text(record, "text"),
        "actor": actor,
        "actor_kind": kind,
        "event_time": fields.in_time(parse_unix_seconds, written, "/ts"),
        "event_time_text": written,
    }
    return (event,)


def identity(record: Json) -> str | None:
    """The message as it was last edited."""
    uid = fields.optional_text(record, "client_msg_id")
    edited = fields.loose_text(fields.loose_mapping(record, "edited"), "ts") or ""
    return f"{uid} {edited}" if uid else None


def _author(record: Json) -> tuple[str | None, str | None]:
    """Who wrote it, by the name that the message itself carries, and whether a person did."""
    profile = fields.optional_mapping(record, "user_profile")
    name = fields.optional_text(profile, "real_name", "/user_profile")
    name = name or fields.optional_text(profile, "display_name", "/user_profile")
    if record.get("bot_id") or record.get("subtype") == "bot_message":
        return fields.optional_text(record, "username") or fields.optional_text(record, "bot_id"), "service"
    return name or fields.optional_text(record, "user"), "human"


FACTS = SourceFacts(
    tool="Slack",
    written_by="a workspace export: unpack the zip and give the folder of the incident's channel",
    record="one message of a day file",
    read="author, text and time, on the responders' timeline; fills no column that a rule reads. The author "
    "by the name in the message's `user_profile`; where it has none (joins, bots), by user or bot id",
    ignored="threads, reactions, files, attachments, blocks, earlier versions of edited messages; the "
    "channel, which only the folder's name tells",
    forgeable=("actor", "message"),
    trust="people and bots write what they like and under any name; never evidence for a decision",
    class_uids=(BASE_EVENT,),
)

READER = Reader("slack_messages", "slack", is_record, read, identity, facts=FACTS)
