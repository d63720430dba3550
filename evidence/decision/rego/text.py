"""Reads Rego source as text: strings blanked out, brackets matched, arguments split, places counted."""

from __future__ import annotations

import re

_TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|`[^`]*`|#[^\n]*')
_OPEN, _CLOSE = "([{", ")]}"


def without_strings(source: str) -> str:
    """The source with strings and comments blanked out, offsets and lines kept.

    A string's quotes stay, so that it is still seen to be one.
    """
    return _TOKEN.sub(lambda found: _blank(found.group()), source)


def _blank(text: str) -> str:
    if text[0] == "#":
        return " " * len(text)
    return text[0] + re.sub(r"[^\n]", " ", text[1:-1]) + text[-1]


def literals(source: str) -> list[tuple[int, str]]:
    """Offset and text of every string literal, quotes included."""
    return [(found.start(), found.group()) for found in _TOKEN.finditer(source) if found.group()[0] != "#"]


def closing(code: str, opening: int) -> int:
    """Offset of the bracket that closes the one at `opening`; the end where none does. `code` is blanked."""
    depth = 0
    for place in range(opening, len(code)):
        if code[place] in _OPEN:
            depth += 1
        elif code[place] in _CLOSE:
            depth -= 1
            if not depth:
                return place
    return len(code)


def arguments(code: str, start: int, end: int) -> list[tuple[int, int]]:
    """Spans of what commas part between two offsets, trimmed; inner brackets are skipped.

    Behind the last one a comma may stand, as `opa fmt` writes it over several lines.
    """
    spans, depth, begin = [], 0, start
    for place in range(start, end):
        letter = code[place]
        depth += (letter in _OPEN) - (letter in _CLOSE)
        if letter == "," and not depth:
            spans.append((begin, place))
            begin = place + 1
    if code[begin:end].strip():
        spans.append((begin, end))
    return [_trimmed(code, *span) for span in spans]


def _trimmed(code: str, start: int, end: int) -> tuple[int, int]:
    inner = code[start:end]
    return start + len(inner) - len(inner.lstrip()), end - (len(inner) - len(inner.rstrip()))


def is_behind_if(code: str, offset: int) -> bool:
    """Whether nothing but space stands between an `if` and the offset; looks back no further than that."""
    end = offset
    while end and code[end - 1].isspace():
        end -= 1
    return re.search(r"\bif\Z", code[max(0, end - 3) : end]) is not None


def line_and_column(source: str, offset: int) -> tuple[int, int]:
    """Both from 1."""
    return source.count("\n", 0, offset) + 1, offset - source.rfind("\n", 0, offset)
