"""Gives `sprintf` its texts without the quotes that the interpreter keeps around some of them.

A text that is written out in a module keeps its quotes where it reaches `sprintf` by a name, by an argument
of a function or out of `lower` and the like: `e := "x"; sprintf("%v", [e])` would be `"x"` with its quotes.
`trim_left` of nothing takes them off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence.decision.rego.text import arguments, closing, without_strings

_NAME = "__text_of"
# Behind the module, so that its lines stay where they are.
_FUNCTION = f'\n{_NAME}(value) := trim_left(value, "") if is_string(value) else := value\n'
_CALL = re.compile(r"(?<![\w.\"])sprintf\s*\(")
_NO_TEXT = re.compile(r"-?\d|true\b|false\b|null\b")


def with_bare_texts(source: str) -> str:
    """The module in which each value of a `sprintf` that may be such a text goes through `trim_left`."""
    code, parts, end = without_strings(source), [], 0
    insertions = sorted(_insertions(code))
    for place, text in insertions:
        parts += [source[end:place], text]
        end = place
    return "".join([*parts, source[end:], _FUNCTION if insertions else ""])


def _insertions(code: str) -> Iterator[tuple[int, str]]:
    for found in _CALL.finditer(code):
        opening = found.end() - 1
        spans = arguments(code, opening + 1, closing(code, opening))
        if len(spans) != 2 or code[spans[1][0]] != "[":
            continue  # refused before
        for start, end in arguments(code, spans[1][0] + 1, spans[1][1] - 1):
            if not _is_as_written(code, start, end):
                yield start, f"{_NAME}("
                yield end, ")"


def _is_as_written(code: str, start: int, end: int) -> bool:
    """Whether the value is a number, a collection, or a text in its place, which has no quotes."""
    if code[start] in '"`':
        return code.find(code[start], start + 1) == end - 1
    if code[start] in "[{":
        return closing(code, start) == end - 1
    return _NO_TEXT.match(code, start) is not None
