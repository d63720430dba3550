"""Owns the model of a set of detections: rules, correlations, and how they refer to each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from evidence.detections.terms import Expression
from evidence.errors import Place

NS_PER_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class RuleWarning:
    """What is honoured as it is written, and was hardly meant so."""

    place: Place
    what: str
    remedy: str


@dataclass(frozen=True)
class Heading:
    """What every Sigma document says of itself. `tags` are as written, e.g. `attack.t1098.001`."""

    id: str
    title: str
    place: Place
    name: str = ""
    level: str = ""
    status: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    falsepositives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """A detection rule: true or false of one record of its log source. Filters are joined in.

    `is_output` is false where a correlation reads the rule and does not say `generate`.
    """

    heading: Heading
    log_source: str
    condition: Expression
    is_output: bool = True


class CorrelationKind(StrEnum):
    """What a correlation counts, or adds up, within its timespan."""

    EVENT_COUNT = "event_count"
    VALUE_COUNT = "value_count"
    TEMPORAL = "temporal"
    TEMPORAL_ORDERED = "temporal_ordered"
    VALUE_SUM = "value_sum"
    VALUE_AVG = "value_avg"

    @property
    def is_of_numbers(self) -> bool:
        """Whether numbers are added up, which more of them may lower again."""
        return self in (CorrelationKind.VALUE_SUM, CorrelationKind.VALUE_AVG)


@dataclass(frozen=True)
class Correlation:
    """Hits of other rules, by their ids in `references`, within `timespan_seconds` of event time.

    `group_by` maps each name to the field that holds it per referenced id; `counted_fields` likewise for the
    kinds that look at values. `operator` is one of gt, gte, lt, lte, eq, neq; of a range it is the lower
    bound's, and `upper` is (lt or lte, count).
    """

    heading: Heading
    kind: CorrelationKind
    references: tuple[str, ...]
    timespan_seconds: int
    operator: str
    count: int
    group_by: tuple[tuple[str, Mapping[str, str]], ...] = ()
    counted_fields: Mapping[str, str] | None = None
    is_output: bool = True
    upper: tuple[str, int] | None = None

    @property
    def is_monotone(self) -> bool:
        """Whether a hit stays one whatever else arrives; a count below, an exact one, or a sum does not."""
        return self.operator in ("gt", "gte") and self.upper is None and not self.kind.is_of_numbers

    def fields_of(self, reference: str) -> frozenset[str]:
        """Fields that the hits of the referenced rule must bring along."""
        counted = {self.counted_fields[reference]} if self.counted_fields else set()
        return frozenset(counted | {fields[reference] for _, fields in self.group_by})


@dataclass(frozen=True)
class RuleSet:
    """All detections of one load: rules by id, correlations after what they refer to."""

    rules: tuple[Rule, ...]
    correlations: tuple[Correlation, ...] = ()
    warnings: tuple[RuleWarning, ...] = ()

    def headings(self) -> Mapping[str, Heading]:
        """Every heading by id, in the order of ids."""
        headings = [*(rule.heading for rule in self.rules), *(each.heading for each in self.correlations)]
        return {heading.id: heading for heading in sorted(headings, key=lambda heading: heading.id)}

    def reporting(self) -> tuple[Heading, ...]:
        """Headings of the rules and correlations whose hits are shown."""
        every: tuple[Rule | Correlation, ...] = (*self.rules, *self.correlations)
        return tuple(each.heading for each in every if each.is_output)

    def only(self, ids: Iterable[str]) -> RuleSet:
        """Only those of these ids report; what correlations among them read is kept for these."""
        named = frozenset(ids)
        kept = set(named)
        for correlation in reversed(self.correlations):  # each stands after what it refers to
            kept |= set(correlation.references) if correlation.heading.id in kept else set()
        files = {heading.place.path for id, heading in self.headings().items() if id in kept}
        return RuleSet(
            tuple(
                replace(rule, is_output=rule.heading.id in named)
                for rule in self.rules
                if rule.heading.id in kept
            ),
            tuple(
                replace(each, is_output=each.heading.id in named)
                for each in self.correlations
                if each.heading.id in kept
            ),
            tuple(warning for warning in self.warnings if warning.place.path in files),
        )
