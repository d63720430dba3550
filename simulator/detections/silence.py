"""Owns why a rule never fired on a history: the first thing that it needs and that no record has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from evidence.detections.detecting import Survey
from evidence.detections.log_sources import LOG_SOURCES_BY_NAME
from evidence.detections.rules import Correlation, CorrelationKind, Rule, RuleSet
from evidence.detections.terms import AllOf, AnyOf, Expression, Match, Test
from simulator.detections.claims import words_of
from simulator.detections.model import NeverFired, Silence

NAMED_MAX = 3  # tests or fields that a sentence names

Tests = tuple[Test, ...]


def why_silent(rules: RuleSet, silent: Iterable[str], survey: Survey) -> tuple[NeverFired, ...]:
    """For each id in `silent` the reason, by title."""
    ids = set(silent)
    if not ids:
        return ()
    plain = {rule.heading.id: rule for rule in rules.rules}
    correlations = {each.heading.id: each for each in rules.correlations}
    teller = _Teller(plain, correlations, survey)
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


class _Teller:
    """Tells of one rule after the other."""

    def __init__(
        self, plain: Mapping[str, Rule], correlations: Mapping[str, Correlation], survey: Survey
    ) -> None:
        self.plain = plain
        self.correlations = correlations
        self.survey = survey

    def tell(self, rule_id: str) -> NeverFired:
        """The reason of one rule that never fired."""
        if rule_id in self.plain:
            return self._rule(self.plain[rule_id])
        return self._correlation(self.correlations[rule_id])

    def _rule(self, rule: Rule) -> NeverFired:
        formats = LOG_SOURCES_BY_NAME[rule.log_source].formats
        if not self.survey.formats.intersection(formats):
            return _never(rule, Silence.NO_LOG_SOURCE, f"no record of {', '.join(formats)}")
        passed = frozenset(test for of, test in self.survey.passed if of in formats)
        groups = blockers(rule.condition, passed)
        if not groups:
            detail = "each part of the condition is met by some record, all of it by none"
            return _never(rule, Silence.NEVER_TOGETHER, detail)
        held, texts = (self._fields(formats, count) for count in ("unit_count", "text_count"))
        for group in groups:
            missing = _names(group)
            if all(missing) and not held.intersection(missing):
                return _never(rule, Silence.NO_FIELD, f"no record holds {_listed(missing, 'or')}", missing)
        names = _names(groups[0])
        objects = [name for name in names if name and name in held and name not in texts]
        more = f"; {_listed(objects, 'and')} holds no text" if objects else ""
        # What tests the same is one test, however often and with whatever case it is written.
        never = _listed([words_of(test) for test in dict.fromkeys(groups[0])], "or")
        return _never(rule, Silence.NO_VALUE, f"in no record {never}{more}", [name for name in names if name])

    def _fields(self, formats: Sequence[str], count: str) -> frozenset[str]:
        """Fields of which there is such a count in records of the formats."""
        rows = self.survey.fields.to_pylist()
        return frozenset(row["field"] for row in rows if row["format"] in formats and row[count])

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
            return rule_id not in self.survey.matched
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
