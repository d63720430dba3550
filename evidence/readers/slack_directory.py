"""Reads the directory of a Slack export: `users.json`, `channels.json`, `groups.json`.

Recognised by an id of Slack's beside `profile` (a user) or `members` and `creator` (a channel). They are
names: a record is known for what it is, and states no event. Wrong can be: an id or name that is no text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Json, Reader, SourceFacts

_ID = re.compile(r"[A-Z][A-Z0-9]{6,20}")


def is_record(record: Json) -> bool:
    """Whether it is a user or a channel."""
    uid = record.get("id")
    if not isinstance(uid, str) or not _ID.fullmatch(uid):
        return False
    return ("profile" in record and "team_id" in record) or ("members" in record and "creator" in record)


def read(record: Json, around: Around) -> Iterable[Event]:
    """Nothing: a name is no event."""
    fields.text(record, "id")
    fields.text(record, "name")
    fields.optional_mapping(record, "profile")
    return ()


FACTS = SourceFacts(
    tool="Slack",
    written_by="a workspace export: `users.json`, `channels.json`, `groups.json`",
    record="one user or channel",
    read="that it is one, so that a whole export can be given; it states no event, names no author of a "
    "message (messages do that themselves) and lies with what belongs to no incident",
    ignored="all that it says, e-mail addresses and telephone numbers first of all",
    trust="people choose their names",
    class_uids=(),
)

READER = Reader("slack_directory", "slack", is_record, read, facts=FACTS, has_secrets=True)
