"""Owns what the bytes of a record that cannot be read tell by themselves: which tool's it is, and its time.

Nothing is repaired. A broken record is read up to the place where it breaks; what stands before that is as
the tool wrote it. What lies around the record is not asked, so that it is the same in whatever file it lies.
"""

from __future__ import annotations

from typing import Any

from evidence.json_spans import walk_document
from evidence.readers import Reader
from evidence.readers.registry import recognise_bare
from evidence.times import TimeRefused, parse_rfc3339

_LOOKED_AT = 1024 * 1024
# Where the time of a record stands in formats that write one moment, as text, at the top of every record.
TIMES = {"cloudtrail": "eventTime", "falco_json": "time", "kubernetes_audit": "requestReceivedTimestamp"}


def members_of(raw: bytes) -> dict[str, Any]:
    """The whole members of an object before it breaks; texts in Latin-1, a character a byte."""
    beginning = raw[:_LOOKED_AT]
    if beginning[:1] != b"{":
        return {}
    return walk_document(beginning, beginning.decode("latin-1"), 0, {}).envelope or {}


def reader_of_beginning(raw: bytes) -> Reader | None:
    """The reader that knows the members before the break."""
    members = members_of(raw)
    return recognise_bare(members) if members else None


def format_of(raw: bytes) -> str | None:
    """Of what cannot be read the format that its own bytes tell, not that of its neighbours."""
    reader = reader_of_beginning(raw)
    return reader.format if reader else None


def moment_of(raw: bytes, format_: str | None) -> int | None:
    """When it happened, ns UTC, in a format of TIMES whose time stands before the break."""
    name = TIMES.get(format_ or "")
    text = members_of(raw).get(name) if name else None
    try:
        return parse_rfc3339(text) if isinstance(text, str) else None
    except TimeRefused:
        return None
