"""Owns what a record states as far as it decides: records of one identity that state the same are copies.

A tool writes one thing more than once: it repeats an alert with another measured value in its text, its API
and its webhook wrap one object differently, another API calls the same fields by other names. What counts is
the normalised events and the gaps that come of it. What tells where in a record something stands, how a time
is written, a link and free text decide nothing, here as in enrichment; only of a log line and of what people
said the text is what is stated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import orjson

from evidence.json_strict import canonical
from evidence.readers import Event, Gap, Reader
from evidence.times import is_zero_time

_DECIDES_NOTHING = frozenset({"event_time_text", "known_at", "message", "pointer", "source_url"})
_DECIDES_NOTHING_BESIDE_TEXT = _DECIDES_NOTHING - {"message"}
_IS_TEXT = frozenset({"log", "response"})


def digest_of(reader: Reader, raw: bytes, events: Sequence[Event], gaps: Iterable[Gap]) -> bytes:
    """Equal for two records of one identity if and only if they are copies of each other."""
    return content_digest(raw) if reader.is_verbatim else stated_digest(events, gaps)


def content_digest(raw: bytes) -> bytes:
    """Of a record that detections read as it is: equal whatever the order of keys, spaces and notation."""
    return hashlib.sha256(canonical(raw)).digest()


def stated_digest(events: Iterable[Event], gaps: Iterable[Gap]) -> bytes:
    """Of what is stated, in any order."""
    digest = hashlib.sha256(b"\n".join(sorted(map(_statement, events))))
    for gap in sorted((gap.gap, gap.subject, gap.detail) for gap in gaps):
        digest.update(repr(gap).encode("utf-8", "surrogatepass"))
    return digest.digest()


def without_disputed_texts(events: Iterable[Event], copies: Iterable[Iterable[Event]]) -> tuple[Event, ...]:
    """The events, each without its free text where the same event of another copy has another.

    Nobody knows then which text was there first, and a later one must not stand at the first time.
    """
    texts: dict[bytes, set[str | None]] = {}
    for copy in copies:
        for event in copy:
            texts.setdefault(_statement(event), set()).add(event.get("message"))
    return tuple(
        {**event, "message": None} if len(texts.get(_statement(event), ())) > 1 else event for event in events
    )


def _statement(event: Event) -> bytes:
    """What the event says; a time that the record leaves open is its arrival's, in which copies differ."""
    silent = _DECIDES_NOTHING_BESIDE_TEXT if event["kind"] in _IS_TEXT else _DECIDES_NOTHING
    said = {column: value for column, value in event.items() if value is not None and column not in silent}
    if is_zero_time(event["event_time_text"]):
        del said["event_time"]
    try:
        return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # an integer beyond 64 bits
        return repr(sorted(said.items())).encode("utf-8", "surrogatepass")
