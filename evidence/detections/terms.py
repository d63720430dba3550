"""Owns the terms that every Sigma condition is reduced to: tests of one field, joined by and, or, not.

A test is true of a record when *any* value of the field passes it; it is never unknown. So `not` is the plain
opposite, also where the field is absent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

# What tests the same is one test, however it is written.
_WORDS: str = field(default="", compare=False, repr=False)
KEYWORDS = ""
"""The field that stands for every value of a record."""


class Shape(StrEnum):
    """How a text is compared with another."""

    EQUALS = "equals"
    STARTS = "starts"
    ENDS = "ends"
    CONTAINS = "contains"


class Presence(StrEnum):
    """What there may be of a field: anything at all, or a null."""

    ANY = "any"
    NULL = "null"


class Operator(StrEnum):
    """How a number is compared with another."""

    EQUAL = "="
    LESS = "<"
    LESS_EQUAL = "<="
    GREATER = ">"
    GREATER_EQUAL = ">="


@dataclass(frozen=True, slots=True)
class TextTest:
    """A value's text against `text`, which is folded unless `is_cased`; `written` is the author's."""

    field: str
    shape: Shape
    text: str
    is_cased: bool = False
    written: str = _WORDS


@dataclass(frozen=True, slots=True)
class PatternTest:
    """An RE2 pattern is found in a value's text, or in its folded text.

    `written` is the text with wildcards that the pattern stands for; empty where it is the author's own.
    """

    field: str
    pattern: str
    is_folded: bool = False
    written: str = _WORDS


@dataclass(frozen=True, slots=True)
class NumberTest:
    """A value's number, or the `part` (hour, week …) of the time that it is, against `number`."""

    field: str
    operator: Operator
    number: int
    part: str = ""


@dataclass(frozen=True, slots=True)
class NetworkTest:
    """A value is an address from `low` to `high`, both as `values.address_text` writes them."""

    field: str
    low: str
    high: str
    written: str = _WORDS


@dataclass(frozen=True, slots=True)
class PresenceTest:
    """There is something of the field."""

    field: str
    presence: Presence


@dataclass(frozen=True, slots=True)
class FieldTest:
    """The folded text of a value against that of a value of the field `other`."""

    field: str
    shape: Shape
    other: str


Test: TypeAlias = TextTest | PatternTest | NumberTest | NetworkTest | PresenceTest | FieldTest


@dataclass(frozen=True, slots=True)
class Match:
    """One test passes."""

    test: Test


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Expression


Expression: TypeAlias = Match | AllOf | AnyOf | Not


def tests_of(expression: Expression) -> Iterator[Test]:
    """Every test in the expression, in the order in which they stand."""
    if isinstance(expression, Match):
        yield expression.test
    elif isinstance(expression, Not):
        yield from tests_of(expression.part)
    else:
        for part in expression.parts:
            yield from tests_of(part)
