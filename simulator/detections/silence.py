"""Owns why a rule never fired on a history: the first thing that it needs and that no record has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import pyarrow as pa

from evidence.detections.detecting import fields_seen
from evidence.detections.log_sources import LOG_SOURCES_BY_NAME
from evidence.detections.matching import match
from evidence.detections.program import compile_program
from evidence.detections.rules import Correlation, CorrelationKind, Rule, RuleSet
from evidence.detections.terms import AllOf, AnyOf, Expression, Match, Test, tests_of
from simulator.detections.claims import words_of
from simulator.detections.model import NeverFired, Silence

NAMED_MAX = 3  # tests or fields that a sentence names

Tests = tuple[Test, ...]


@dataclass(frozen=True)
class Seen:
    """What there is in the records, as far as silent rules ask: formats, fields, tests and rules that passed.

    `texts` and `held` give per log source the fields with a text, and those that are there at all.
    """

    formats: frozenset[str]
    held: Mapping[str, frozenset[str]]
    texts: Mapping[str, frozenset[str]]
    passed: frozenset[tuple[str, Test]]
    matched: frozenset[str]


def why_silent(rules: RuleSet, silent: Iterable[str], units: pa.Table) -> tuple[NeverFired, ...]:
    """For each id in `silent` the reason, by title."""
    ids = set(silent)
    if not ids:
        return ()
    plain = {rule.heading.id: rule for rule in rules.rules}
    correlations = {each.heading.id: each for each in rules.correlations}
    asked = [plain[each] for each in sorted(_with_parts(ids, correlations)) if each in plain]
    teller = _Teller(plain, correlations, _seen(asked, units))
    return tuple(
        sorted((teller.tell(each) for each in sorted(ids)), key=lambda one: (one.title, one.rule_id))
    )


def blockers(expression: Expression, passed: frozenset[Test]) -> list[Tests]:
    """Groups of tests of which each keeps the expression from ever being true: none of a group ever passes.

    None for an expression that could be true of some record, as far as its tests one by one can tell.
    """
    if isinstance(expression, Match):
        return [] if expression.test in passed else [(expression.test,)]
    if isinstance(expression, AllOf):
        return [group for part in expression.parts for group in blockers(part, passed)]
    if isinstance(expression, AnyOf):
        parts = [blockers(part, passed) for part in expression.parts]
        return [tuple(test for groups in parts for test in groups[0])] if all(parts) else []
    return []


def _with_parts(ids: Iterable[str], correlations: Mapping[str, Correlation]) -> set[str]:
    found: set[str] = set()
    pending = list(ids)
    while pending:
        one = pending.pop()
        found.add(one)
        pending += correlations[one].references if one in correlations else ()
    return found


def _seen(rules: Sequence[Rule], units: pa.Table) -> Seen:
    """Every test of the rules is tried as a rule of its own, all of them in one pass."""
    tests = {(rule.log_source, test): rule for rule in rules for test in tests_of(rule.condition)}
    probes = [replace(rule, log_source=name, condition=Match(test)) for (name, test), rule in tests.items()]
    tried = RuleSet((*rules, *probes))
    with closing(match(units, compile_program(tried))) as connection:
        query = "select distinct rule from matches order by rule"
        true_of_some = [row[0] for row in connection.execute(query).fetchall()]
    keys = list(tests)
    rows = fields_seen(RuleSet(tuple(rules)), units).to_pylist() if rules else []
    return Seen(
        frozenset(units.column("format").unique().to_pylist()),
        _fields(rows, "unit_count"),
        _fields(rows, "text_count"),
        frozenset(keys[number - len(rules)] for number in true_of_some if number >= len(rules)),
        frozenset(rules[number].heading.id for number in true_of_some if number < len(rules)),
    )


def _fields(rows: Sequence[Mapping[str, object]], count: str) -> Mapping[str, frozenset[str]]:
    return {
        name: frozenset(str(row["field"]) for row in rows if row["format"] in source.formats and row[count])
        for name, source in LOG_SOURCES_BY_NAME.items()
    }


class _Teller:
    """Tells of one rule after the other."""

    def __init__(
        self, plain: Mapping[str, Rule], correlations: Mapping[str, Correlation], seen: Seen
    ) -> None:
        self.plain = plain
        self.correlations = correlations
        self.seen = seen

    def tell(self, rule_id: str) -> NeverFired:
        """The reason of one rule that never fired."""
        if rule_id in self.plain:
            return self._rule(self.plain[rule_id])
        return self._correlation(self.correlations[rule_id])

    def _rule(self, rule: Rule) -> NeverFired:
        source = LOG_SOURCES_BY_NAME[rule.log_source]
        if not self.seen.formats.intersection(source.formats):
            return _never(rule, Silence.NO_LOG_SOURCE, f"no record of {', '.join(source.formats)}")
        passed = frozenset(test for name, test in self.seen.passed if name == rule.log_source)
        groups = blockers(rule.condition, passed)
        if not groups:
            detail = "each part of the condition is met by some record, all of it by none"
            return _never(rule, Silence.NEVER_TOGETHER, detail)
        held, texts = self.seen.held[rule.log_source], self.seen.texts[rule.log_source]
        for group in groups:
            missing = _names(group)
            if all(missing) and not held.intersection(missing):
                return _never(rule, Silence.NO_FIELD, f"no record holds {_listed(missing, 'or')}", missing)
        names = _names(groups[0])
        objects = [name for name in names if name and name in held and name not in texts]
        more = f"; {_listed(objects, 'and')} holds no text" if objects else ""
        never = _listed([words_of(test) for test in groups[0]], "or")
        return _never(rule, Silence.NO_VALUE, f"in no record {never}{more}", [name for name in names if name])

    def _correlation(self, correlation: Correlation) -> NeverFired:
        silent = [each for each in correlation.references if self._is_silent(each)]
        is_every_part_needed = correlation.kind in (
            CorrelationKind.TEMPORAL,
            CorrelationKind.TEMPORAL_ORDERED,
        )
        if silent and (is_every_part_needed or len(silent) == len(correlation.references)):
            part = self.tell(silent[0])
            detail = f"its part {part.title!r} never matches: {part.detail}"
            return _never(correlation, Silence.SILENT_PART, detail, part.fields)
        detail = (
            f"its parts match, but never as it asks within {correlation.timespan_seconds} s in one incident"
        )
        return _never(correlation, Silence.NEVER_WITHIN, detail)

    def _is_silent(self, rule_id: str) -> bool:
        """Whether it never matches; of a correlation as far as its own parts tell."""
        if rule_id in self.plain:
            return rule_id not in self.seen.matched
        return all(self._is_silent(each) for each in self.correlations[rule_id].references)


def _never(rule: Rule | Correlation, reason: Silence, detail: str, fields: Sequence[str] = ()) -> NeverFired:
    heading = rule.heading
    return NeverFired(
        rule_id=heading.id, title=heading.title, reason=reason, detail=detail, fields=tuple(fields)
    )


def _names(group: Tests) -> list[str]:
    return sorted({test.field for test in group})


def _listed(names: Sequence[str], word: str) -> str:
    shown = list(names[:NAMED_MAX])
    more = f" (and {len(names) - len(shown)} more)" if len(names) > len(shown) else ""
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {word} {shown[-1]}{more}"
