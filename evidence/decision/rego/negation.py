"""Gives `not` OPA's meaning: where an argument is undefined, the whole expression is, not its negation true.

OPA looks up the arguments of a negated call before it negates; the interpreter looks them up inside the
negation, so that `not startswith(input.image, "x")` holds there where there is no image. What OPA looks up
first is written first here: `a := input.image; not startswith(a, "x")`. A plain reference, and `==` between
plain references, mean the same in both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evidence.decision.rego.text import arguments, closing, is_behind_if, without_strings

Fault = tuple[int, str]
_NOT = re.compile(r"(?<![\w.\"])not\b(?!\s*[:=,)\]}])")
_NAME = r"[A-Za-z_]\w*"
_CALLED = re.compile(rf"{_NAME}(?:\.{_NAME})*\s*\(")
_REFERENCE = re.compile(rf"{_NAME}(?:\.{_NAME}|\[(?:[\"`][^\[\]]*[\"`]|\d+|{_NAME})\])*\Z")
_DOTTED = re.compile(rf"{_NAME}(?:\.{_NAME}|\[[^\n]*\])*\Z")
_SCALAR = re.compile(r"(?:-?\d[\d.eE+-]*|[\"`].*[\"`]|true|false|null)\Z", re.DOTALL)
_OPERATOR = re.compile(r"==|!=|<=|>=|:=|[=<>]|(?<![\w.])in(?!\w)")
_CONTINUED = re.compile(r"\s*(?::=|[-+*/%&|=<>]|!=|in\b)")  # what stands between two values
_OPENING, _CLOSING = "([{", ")]}"


@dataclass(frozen=True, eq=False)
class _Part:
    """Some text of a negated expression."""

    text: str
    is_looked_up: bool = False


class _Unreadable(Exception):
    """The negated expression is of a shape that cannot be rewritten without guessing."""


def negation_faults(source: str) -> list[Fault]:
    """Offset and reason of every negation that cannot be given OPA's meaning."""
    code = without_strings(source)
    faults = []
    for found in _NOT.finditer(code):
        try:
            _rewritten(source, code, found.start(), found.end(), 0)
        except _Unreadable as unreadable:
            faults.append((found.start(), f"'not' {unreadable}: give it a name first, and negate that"))
    return faults


def with_meaning_of_opa(source: str) -> str:
    """The module with the arguments of negated calls looked up first; lines stay where they are."""
    before, number = len(source), 0
    while True:
        code = without_strings(source)
        # From the last one back: an inner negation stands behind the one around it.
        found = [each for each in _NOT.finditer(code) if each.start() < before]
        if not found:
            return source
        before = found[-1].start()
        text, end, count = _rewritten(source, code, before, found[-1].end(), number)
        source, number = source[:before] + text + source[end:], number + count


def _rewritten(source: str, code: str, before: int, start: int, number: int) -> tuple[str, int, int]:
    """What stands in place of the negation, where that ends, and how many names it takes."""
    end, parts = _parts(source, code, start)
    looked_up = [part for part in parts if part.is_looked_up]
    if not looked_up:
        return source[before:end], end, 0
    if any(begin < before < stop for begin, stop in _bodies_of_every(code)):
        raise _Unreadable("of a call inside of every")
    names = {id(part): f"__negated_{number + place}" for place, part in enumerate(looked_up)}
    first = "; ".join(f"{names[id(part)]} := {part.text}" for part in looked_up)
    left = "".join(names.get(id(part), part.text) for part in parts)
    is_bare = is_behind_if(code, before)
    body = f"{first}; not {left}"
    return (f"{{ {body} }}" if is_bare else body), end, len(looked_up)


def _bodies_of_every(code: str) -> Iterator[tuple[int, int]]:
    for found in re.finditer(r"(?<![\w.])every\b[^{\n]*\{", code):
        yield found.end() - 1, closing(code, found.end() - 1)


def _parts(source: str, code: str, start: int) -> tuple[int, list[_Part]]:
    """End of the negated expression, and the parts of it."""
    end = _end(code, start)
    if end < len(code) and code[end] == "\n" and _CONTINUED.match(code, end):
        raise _Unreadable("of an expression that does not stand on one line")
    begin = start + len(code[start:end]) - len(code[start:end].lstrip())
    end = begin + len(code[begin:end].rstrip())
    inner = code[begin:end]
    if re.search(r"(?<![\w.])_(?!\w)", inner):
        raise _Unreadable("of something that runs through a collection (_)")
    if re.search(r"(?<![\w.])(?:not|every|some)\b", _outermost(inner)):
        raise _Unreadable(f"of {inner.split()[0]!r}")
    local = _Locals(code)
    operators = list(_OPERATOR.finditer(_outermost(inner)))
    if len(operators) > 1:
        raise _Unreadable("of an expression with several operators")
    if operators:
        return end, _compared(source, begin, end, operators[0], local)
    called = _CALLED.match(inner)
    if called and closing(inner, called.end() - 1) == len(inner) - 1:
        return end, _argued(source, code, begin, begin + called.end(), end, local)
    if _DOTTED.match(inner):
        return end, _referred(source, code, begin, end, local)
    raise _Unreadable("of an expression that is no call, no comparison and no reference")


class _Locals:
    """Tells variables of a body from names of rules and imports, which may be undefined."""

    def __init__(self, code: str) -> None:
        rules = re.findall(rf"^(?:default\s+)?({_NAME})", code, re.MULTILINE)
        imported = re.findall(rf"^import\s+\S*?({_NAME})(?:\s+as\s+({_NAME}))?\s*$", code, re.MULTILINE)
        self.others = {"input", "data", *rules, *(name for pair in imported for name in pair)}

    def is_variable(self, text: str) -> bool:
        return re.fullmatch(_NAME, text) is not None and text not in self.others


def _end(code: str, start: int) -> int:
    """Where the expression ends: at the line's end, a semicolon or a closing bracket, outside of its own."""
    place = start
    while place < len(code):
        if code[place] in _OPENING:
            place = closing(code, place)
        elif code[place] in f"{_CLOSING};" or _is_line_end(code, start, place):
            return place
        place += 1
    return len(code)


def _is_line_end(code: str, start: int, place: int) -> bool:
    return code[place] == "\n" and bool(code[start:place].strip())


def _outermost(code: str) -> str:
    """The text with all that stands in brackets blanked out."""
    letters, place = list(code), 0
    while place < len(code):
        if code[place] in _OPENING:
            end = closing(code, place)
            letters[place : end + 1] = " " * len(letters[place : end + 1])
            place = end
        place += 1
    return "".join(letters)


def _compared(source: str, begin: int, end: int, operator: re.Match[str], local: _Locals) -> list[_Part]:
    left, right = (
        source[begin : begin + operator.start()].strip(),
        source[begin + operator.end() : end].strip(),
    )
    if not left or not right or operator.group() == ":=":
        raise _Unreadable("of an expression that does not stand on one line")
    is_equality = operator.group() in ("==", "=")
    return [
        _Part(left, _may_fail(left, local, is_equality)),
        _Part(f" {operator.group()} "),
        _Part(right, _may_fail(right, local, is_equality)),
    ]


def _argued(source: str, code: str, begin: int, opened: int, end: int, local: _Locals) -> list[_Part]:
    parts = [_Part(source[begin:opened])]
    for place, (start, stop) in enumerate(arguments(code, opened, end - 1)):
        parts += [_Part(", ")] if place else []
        parts.append(_Part(source[start:stop], _may_fail(source[start:stop], local)))
    return [*parts, _Part(")")]


def _referred(source: str, code: str, begin: int, end: int, local: _Locals) -> list[_Part]:
    """A reference: what stands in its brackets is looked up first, the reference itself is negated."""
    parts, place = [], begin
    while (opening := code.find("[", place, end)) >= 0:
        stop = closing(code, opening)
        key = source[opening + 1 : stop].strip()
        parts += [_Part(source[place : opening + 1]), _Part(key, _may_fail(key, local))]
        place = stop
    return [*parts, _Part(source[place:end])]


def _may_fail(text: str, local: _Locals, is_equality: bool = False) -> bool:
    """Whether it may be undefined, so that it is looked up before the negation."""
    if _SCALAR.match(text) or local.is_variable(text):
        return False
    return not (is_equality and _REFERENCE.match(text))
