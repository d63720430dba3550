"""Owns how one test of a rule is said in words: values are shown as the author of the rule wrote them."""

from __future__ import annotations

from evidence.detections.terms import (
    KEYWORDS,
    FieldTest,
    NetworkTest,
    NumberTest,
    PatternTest,
    Presence,
    PresenceTest,
    Shape,
    Test,
    TextTest,
)

_SHAPES = {
    Shape.EQUALS: "is",
    Shape.STARTS: "begins with",
    Shape.ENDS: "ends with",
    Shape.CONTAINS: "holds",
}
TEXT_MAX = 60  # characters of a text or pattern


def words_of(test: Test) -> str:
    """The test as the middle of a sentence, e.g. `eventName is 'StopLogging'`."""
    name = "any value" if test.field == KEYWORDS else test.field
    return f"{name} {_claim(test)}"


def _claim(test: Test) -> str:
    if isinstance(test, TextTest):
        return f"{_SHAPES[test.shape]} {_cut(test.written or test.text)!r}"
    if isinstance(test, PatternTest) and test.written:
        return f"is like {_cut(test.written)!r}"
    if isinstance(test, PatternTest):
        return f"matches /{_cut(test.pattern)}/"
    if isinstance(test, NumberTest):
        return f"{f'in its {test.part} ' if test.part else ''}{test.operator.value} {test.number}"
    if isinstance(test, NetworkTest):
        return f"is an address of {test.written or 'the network'}"
    if isinstance(test, PresenceTest):
        return "is null" if test.presence is Presence.NULL else "is there"
    assert isinstance(test, FieldTest)
    return f"{_SHAPES[test.shape]} what {test.other} is"


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_MAX else f"{text[: TEXT_MAX - 1]}…"
