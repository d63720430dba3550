"""Owns the program of a rule set: its distinct tests as rows, and each rule as a formula over bits.

Rules never become SQL text: the statements are fixed, the tests are rows that they join with. Only the
formulas are written out, and hold nothing but numbers of bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from evidence.detections.log_sources import LOG_SOURCES_BY_NAME
from evidence.detections.rules import RuleSet
from evidence.detections.terms import (
    KEYWORDS,
    AllOf,
    AnyOf,
    Expression,
    FieldTest,
    Match,
    NetworkTest,
    NumberTest,
    PatternTest,
    PresenceTest,
    Test,
    TextTest,
    tests_of,
)

_NUMBER = pa.decimal128(38, 0)
_TESTED = [("atom", pa.int32()), ("field", pa.int32())]
SCHEMAS: Mapping[str, pa.Schema] = {
    "text_tests": pa.schema(
        [*_TESTED, ("shape", pa.string()), ("text", pa.string()), ("is_cased", pa.bool_())]
    ),
    "pattern_tests": pa.schema([*_TESTED, ("pattern", pa.string()), ("is_folded", pa.bool_())]),
    "number_tests": pa.schema(
        [*_TESTED, ("operator", pa.string()), ("number", _NUMBER), ("part", pa.string())]
    ),
    "network_tests": pa.schema([*_TESTED, ("low", pa.string()), ("high", pa.string())]),
    "presence_tests": pa.schema([*_TESTED, ("presence", pa.string())]),
    "field_tests": pa.schema([*_TESTED, ("shape", pa.string()), ("other", pa.int32())]),
}


@dataclass(frozen=True)
class Program:
    """What is to be run: fields by number, tests as tables by name, rules as formulas in the rules' order.

    An atom is a bit of a record: set when any of its tests passes. `wanted` gives per format the fields to
    extract; `numbered`, `addressed` and `timed` are the fields whose values are looked at as such. `probes`
    are the atoms of single tests, where these are asked for.
    """

    fields: Mapping[str, int]
    tests: Mapping[str, pa.Table]
    atom_count: int
    formulas: tuple[str, ...]
    formats: tuple[tuple[str, ...], ...]
    wanted: Mapping[str, frozenset[str]]
    numbered: frozenset[str]
    addressed: frozenset[str]
    timed: frozenset[str]
    probes: Mapping[Test, int]


def compile_program(rules: RuleSet, *, is_surveyed: bool = False) -> Program:
    """The program of all rules; correlations add the fields that they group by or count.

    With `is_surveyed` every single test has an atom, too (`probes`), so that it shows which ever pass.
    """
    atoms: dict[frozenset[Test], int] = {}
    formulas = tuple(_formula(rule.condition, atoms) for rule in rules.rules)
    asked = [test for rule in rules.rules for test in tests_of(rule.condition)] if is_surveyed else []
    probes = {test: atoms.setdefault(frozenset({test}), len(atoms)) for test in asked}
    wanted = _wanted(rules)
    fields = {name: number for number, name in enumerate(sorted(set().union(*wanted.values())))}
    tests = {test for group in atoms for test in group}
    numbers = {test for test in tests if isinstance(test, NumberTest)}
    return Program(
        fields,
        _tables(atoms, fields),
        len(atoms),
        formulas,
        tuple(LOG_SOURCES_BY_NAME[rule.log_source].formats for rule in rules.rules),
        wanted,
        frozenset(test.field for test in numbers if not test.part),
        frozenset(test.field for test in tests if isinstance(test, NetworkTest)),
        frozenset(test.field for test in numbers if test.part),
        probes,
    )


def _formula(expression: Expression, atoms: dict[frozenset[Test], int]) -> str:
    """SQL over `bits`. Alternatives that are tests are one bit together."""
    if isinstance(expression, Match):
        return _bit(frozenset({expression.test}), atoms)
    if isinstance(expression, AnyOf):
        tests = frozenset(part.test for part in expression.parts if isinstance(part, Match))
        rest = [_formula(part, atoms) for part in expression.parts if not isinstance(part, Match)]
        return _together("or", [_bit(tests, atoms), *rest] if tests else rest)
    if isinstance(expression, AllOf):
        return _together("and", [_formula(part, atoms) for part in expression.parts])
    return f"not {_formula(expression.part, atoms)}"


def _bit(tests: frozenset[Test], atoms: dict[frozenset[Test], int]) -> str:
    return f"(get_bit(bits, {atoms.setdefault(tests, len(atoms))}) = 1)"


def _together(word: str, parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({f' {word} '.join(parts)})"


def _wanted(rules: RuleSet) -> Mapping[str, frozenset[str]]:
    by_format: dict[str, set[str]] = {}
    grouped = _grouped_fields(rules)
    for rule in rules.rules:
        names = {name for test in tests_of(rule.condition) for name in _names(test)}
        for format_name in LOG_SOURCES_BY_NAME[rule.log_source].formats:
            by_format.setdefault(format_name, set()).update(names, grouped.get(rule.heading.id, ()))
    return {name: frozenset(fields) for name, fields in sorted(by_format.items())}


def _names(test: Test) -> Iterable[str]:
    yield test.field
    if isinstance(test, FieldTest):
        yield test.other


def _grouped_fields(rules: RuleSet) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = {}
    for correlation in rules.correlations:
        for reference in correlation.references:
            found.setdefault(reference, set()).update(correlation.fields_of(reference) - {KEYWORDS})
    return found


def _tables(atoms: Mapping[frozenset[Test], int], fields: Mapping[str, int]) -> Mapping[str, pa.Table]:
    rows: dict[str, list[tuple[object, ...]]] = {name: [] for name in SCHEMAS}
    for tests, atom in atoms.items():
        # By what they are, since a set has the order of its hashes.
        for test in sorted(tests, key=repr):
            name, values = _row(test, fields)
            rows[name].append((atom, fields[test.field], *values))
    return {name: _table(rows[name], schema) for name, schema in SCHEMAS.items()}


def _row(test: Test, fields: Mapping[str, int]) -> tuple[str, tuple[object, ...]]:
    if isinstance(test, TextTest):
        return "text_tests", (test.shape, test.text, test.is_cased)
    if isinstance(test, PatternTest):
        return "pattern_tests", (test.pattern, test.is_folded)
    if isinstance(test, NumberTest):
        return "number_tests", (test.operator, test.number, test.part)
    if isinstance(test, NetworkTest):
        return "network_tests", (test.low, test.high)
    if isinstance(test, PresenceTest):
        return "presence_tests", (test.presence,)
    return "field_tests", (test.shape, fields[test.other])


def _table(rows: list[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )
