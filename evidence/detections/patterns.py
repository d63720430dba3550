"""Owns texts with wildcards and regular expressions: the test that each becomes, and that RE2 takes it."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import duckdb
from sigma.policy import SigmaPolicy
from sigma.policy.regex_engine import RegexEngine
from sigma.types import (
    Placeholder,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SpecialChars,
)

from evidence.detections.refusals import pattern_refusal
from evidence.detections.terms import KEYWORDS, AnyOf, Expression, Match, PatternTest, Shape, TextTest
from evidence.detections.values import fold
from evidence.errors import DetectionError, Place
from evidence.tables import open_memory

Placeholders: TypeAlias = Mapping[str, tuple[str, ...]] | None
Part: TypeAlias = str | SpecialChars | Placeholder
Insert: TypeAlias = Callable[[str], list[str | SpecialChars]]

MANY = SpecialChars.WILDCARD_MULTI
ONE = SpecialChars.WILDCARD_SINGLE
EXPANSION_MAX = 1_000
_ANYTHING = {MANY: ".*", ONE: "."}
_WILD = {MANY: "*", ONE: "?"}

_SYMBOL = re.compile(r"[^A-Za-z0-9_\x80-\U0010ffff]")
# It matches a byte, and so the half of a character.
_BYTE = re.compile(r"(?:^|[^\\])(?:\\\\)*\\C")
_FLAGS = {
    SigmaRegularExpressionFlag.IGNORECASE: "i",
    SigmaRegularExpressionFlag.MULTILINE: "m",
    SigmaRegularExpressionFlag.DOTALL: "s",
}


class _DuckRegexEngine(RegexEngine):
    """Tries patterns where they will run: DuckDB's RE2 is not the same release as Python's."""

    def compile(self, pattern: str, flags: int = 0) -> Any:
        """The pattern, when DuckDB takes it. Raises what `error` names."""
        # Flags change no pattern's validity.
        _connection().execute("select regexp_matches('', ?)", [pattern]).fetchall()
        return pattern

    @property
    def error(self) -> type[Exception]:
        """What DuckDB raises."""
        return duckdb.Error


POLICY = SigmaPolicy(regex_engine=_DuckRegexEngine())


@functools.cache
def _connection() -> duckdb.DuckDBPyConnection:
    return open_memory()


def quoted(text: str) -> str:
    """An RE2 pattern that matches the text and nothing else."""
    return _SYMBOL.sub(lambda found: rf"\x{{{ord(found[0]):x}}}", text)


def _parts_of(value: str) -> list[str | SpecialChars]:
    """A placeholder's value as Sigma reads a text: with wildcards, which a backslash escapes."""
    return [part for part in SigmaString(value).s if not isinstance(part, Placeholder)]


def _within_pattern(value: str) -> list[str | SpecialChars]:
    """The same as a piece of a regular expression."""
    parts = _parts_of(value)
    return ["".join(quoted(part) if isinstance(part, str) else _ANYTHING[part] for part in parts)]


def text_expression(
    field: str, parts: Sequence[Part], is_cased: bool, placeholders: Placeholders, place: Place
) -> Expression:
    """The test for a text with wildcards, or several where a placeholder has several values."""
    tests = []
    for expanded in _expanded(parts, placeholders, place):
        around = [MANY, *expanded, MANY] if field == KEYWORDS else expanded
        tests.append(Match(_text_test(field, _joined(around), is_cased)))
    return tests[0] if len(tests) == 1 else AnyOf(tuple(tests))


def _text_test(field: str, parts: list[str | SpecialChars], is_cased: bool) -> TextTest | PatternTest:
    written = [part for part in parts if isinstance(part, str)]
    texts = written if is_cased else [fold(part) for part in written]
    kinds = [part if isinstance(part, SpecialChars) else None for part in parts]
    shapes = {
        (): Shape.EQUALS,
        (None,): Shape.EQUALS,
        (MANY,): Shape.CONTAINS,
        (None, MANY): Shape.STARTS,
        (MANY, None): Shape.ENDS,
        (MANY, None, MANY): Shape.CONTAINS,
    }
    if shape := shapes.get(tuple(kinds)):
        return TextTest(field, shape, "".join(texts), is_cased, "".join(written))
    rest = iter(texts)
    body = "".join(_ANYTHING[kind] if kind else quoted(next(rest)) for kind in kinds)
    return PatternTest(field, rf"(?s)\A{body}\z", is_folded=not is_cased, written=_with_wildcards(parts))


def _with_wildcards(parts: Iterable[str | SpecialChars]) -> str:
    return "".join(part if isinstance(part, str) else _WILD[part] for part in parts)


def _joined(parts: Iterable[str | SpecialChars]) -> list[str | SpecialChars]:
    """Neighbouring texts as one, and neighbouring `*` as one."""
    found: list[str | SpecialChars] = []
    for part in parts:
        last = found[-1] if found else None
        if isinstance(part, str) and isinstance(last, str):
            found[-1] = last + part
        elif not (part is MANY and last is MANY):
            found.append(part)
    return [part for part in found if part != ""]


def pattern_expression(
    field: str, value: SigmaRegularExpression, placeholders: Placeholders, place: Place
) -> Expression:
    """The test for a regular expression, or several where a placeholder has several values."""
    flags = "".join(sorted(_FLAGS[flag] for flag in value.flags))
    head = f"(?{flags})" if flags else ""
    tests = []
    for parts in _expanded(value.regexp.s, placeholders, place, _within_pattern):
        body = _with_wildcards(parts)
        tests.append(Match(PatternTest(field, _checked(head + body, place))))
    return tests[0] if len(tests) == 1 else AnyOf(tuple(tests))


def _checked(pattern: str, place: Place) -> str:
    if _BYTE.search(pattern):
        raise DetectionError(
            r"\C matches half a character", place=place, remedy="Write . with the modifier s"
        )
    try:
        POLICY.regex_engine.compile(pattern)
    except duckdb.Error as failure:
        raise pattern_refusal(str(failure), pattern, place) from failure
    return pattern


def _expanded(
    parts: Sequence[Part], placeholders: Placeholders, place: Place, insert: Insert = _parts_of
) -> list[list[str | SpecialChars]]:
    """The parts once per combination of values that the placeholders in it stand for."""
    choices: list[list[list[str | SpecialChars]]] = []
    count = 1
    for part in parts:
        if isinstance(part, Placeholder):
            values = _values_of(part.name, placeholders, place)
            choices.append([insert(value) for value in values])
            count *= len(values)
        else:
            choices.append([[part]])
        if count > EXPANSION_MAX:
            raise DetectionError(f"stands for more than {EXPANSION_MAX} texts", place=place)
    return [list(itertools.chain(*combination)) for combination in itertools.product(*choices)]


def _values_of(name: str, placeholders: Placeholders, place: Place) -> tuple[str, ...]:
    if placeholders is None or name not in placeholders:
        remedy = "Give a values file that maps the name to its texts, or leave the modifier expand out"
        raise DetectionError(f"the placeholder %{name}% has no values", place=place, remedy=remedy)
    return placeholders[name]
