"""Owns hostile texts, and the samples of every format with one in each field that takes any text."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from ..handoff.test_handoff_inert import HOSTILE
from ..readers.reading import reading_of
from ..readers.samples import FILES

TEXT = HOSTILE + "=cmd|'/c calc'!A0\t@SUM(1+1)\x00\x07\u2028\u2066\ufffe\u061c\x9b2J"
"""HTML, Markdown, escape sequences, formulas, bidirectional marks, NUL and what is no character."""

NAMES = (
    *("../../etc/x", "..", ".", "/etc/passwd", "C:\\x", "a/../../b", "a\x00b", "\x00", "con", "-rf", "~root"),
    *(
        "x" * 300,
        "é" * 200,
        "\ufffe",
        "\u202egpj",
        ".hidden",
        "ingest.json",
        ".ingest",
        "unplaced",
        "*",
        "'; --",
    ),
    *(
        "a\nb",
        "${HOME}",
        "$(id)",
        "{{7*7}}",
        "%2e%2e%2f",
        "name: x\nid: y",
        "]: [",
        "<b>",
        "=1+1",
        "\U0001f600",
    ),
)
"""Texts that would lead elsewhere, or mean something, as the name of a file, a folder or a column."""


def hostile_files(text: str = TEXT) -> dict[str, bytes]:
    """Every sample as JSON, `text` behind each text that takes it: still read, with as many events."""
    return {name: json.dumps(_made_hostile(value, text)).encode() for name, value in sorted(FILES.items())}


def _made_hostile(sample: Any, text: str) -> Any:
    value = deepcopy(sample)
    expected = _outcome(value)
    for path in _texts(sample):
        holder = value
        for key in path[:-1]:
            holder = holder[key]
        before = holder[path[-1]]
        holder[path[-1]] = before + text
        if _outcome(value) != expected:
            holder[path[-1]] = before
    return value


def _outcome(value: Any) -> list[Any]:
    reading = reading_of(value)
    return [reading.reader, *((record.reason, len(record.events)) for record in reading.records)]


def _texts(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    inner = [path for key, part in items for path in _texts(part, (*at, key))]
    return [*inner, at] if at and isinstance(value, str) else inner
