"""Owns the words of Rego source: names, numbers, strings and signs, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

NOT_HERE = "cannot be evaluated by this tool"
"""How it is told that OPA reads what the interpreter answers otherwise, or ends the process over."""


class Kind(StrEnum):
    """What a token is."""

    NAME = "name"
    NUMBER = "number"
    TEXT = "text"
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `is_close` where nothing stands between it and the one before, `is_first` on its line."""

    kind: Kind
    text: str
    offset: int
    is_close: bool = False
    is_first: bool = False


class NotRego(Exception):
    """The source cannot be read; `offset` is where."""

    prefix = "is not Rego"

    def __init__(self, what: str, offset: int) -> None:
        super().__init__(what)
        self.offset = offset

    @property
    def sentence(self) -> str:
        """What is told of it."""
        return f"{self.prefix}: {self}"


class NotHere(NotRego):
    """OPA reads it; the interpreter answers otherwise, or ends the process."""

    prefix = NOT_HERE


_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_TOKEN = re.compile(
    r"(?P<name>[A-Za-z_]\w*)|(?P<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)"
    r"|(?P<text>\"(?:\\.|[^\"\\\n])*\"|`[^`]*`)"
    r"|(?P<sign>:=|==|!=|<=|>=|[-+*/%&|<>=()\[\]{},;:.])",
    re.ASCII,
)


def tokens(source: str) -> Iterator[Token]:
    """The tokens in order, END last. Raises NotRego at a character that begins none."""
    place = 0
    while True:
        space = _SPACE.match(source, place)
        assert space is not None
        is_close, is_first = not space.group(), "\n" in space.group() or not place
        place = space.end()
        if place == len(source):
            yield Token(Kind.END, "", place, is_close, is_first)
            return
        found = _TOKEN.match(source, place)
        if found is None and source[place : place + 2] in ('$"', "$`"):
            raise NotHere('a template string: write sprintf("… %v …", [x])', place)
        if found is None:
            raise NotRego(f"{source[place]!r} begins no word of Rego", place)
        yield Token(Kind(str(found.lastgroup)), found.group(), place, is_close, is_first)
        place = found.end()
