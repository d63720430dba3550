"""Owns the detections of a bundle: which rules' hits are signals, and their identity by content."""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple, dataclass, fields
from functools import cached_property

from evidence.detections.levels import Level
from evidence.detections.rules import Correlation, Heading, Rule, RuleSet
from evidence.detections.terms import AllOf, Expression, Match, Not
from evidence.errors import DetectionError

Content = dict[str, object]


@dataclass(frozen=True, eq=False)
class Detections:
    """Rules, and from which level on their hits are signals. Equal by what can be a signal.

    `rules` is all that was loaded; `signalling` is what a run evaluates.
    """

    rules: RuleSet
    from_level: Level

    @cached_property
    def signalling(self) -> RuleSet:
        """The rules of the level or graver that report, and what correlations among them read."""
        return self.rules.only(
            heading.id
            for heading in self.rules.reporting()
            if Level.of(heading.level).rank >= self.from_level.rank
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 over what can change a signal or what is said of one.

        Those are ids, titles, levels, tags, conditions with the values that placeholders stand for, and
        correlations. Comments, layout, order, file names, cases and rules below the level do not count.
        """
        content = {
            "from_level": self.from_level,
            "rules": [_rule(rule) for rule in self.signalling.rules],
            "correlations": sorted(map(_correlation, self.signalling.correlations), key=_text),
        }
        return hashlib.sha256(_text(content).encode()).hexdigest()

    def refusals(self) -> list[DetectionError]:
        """Correlations that can be no signal: a record that arrives later could take their hits back."""
        return [
            DetectionError(
                f"{each.heading.title!r} holds of a count that later records can change, so that no hit "
                "of it is ever certain, and a signal",
                place=each.heading.place,
                remedy="Count with gte or gt, or give the rule a level below `from_level`",
            )
            for each in self.signalling.correlations
            if not each.is_monotone
        ]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Detections) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


def _rule(rule: Rule) -> Content:
    return {
        "heading": _heading(rule.heading, is_output=rule.is_output),
        "log_source": rule.log_source,
        "condition": condition_content(rule.condition),
    }


def _correlation(each: Correlation) -> Content:
    return {
        "heading": _heading(each.heading, is_output=each.is_output),
        "kind": each.kind,
        "references": each.references,
        "timespan_seconds": each.timespan_seconds,
        "condition": [each.operator, each.count, *(each.upper or ())],
        "group_by": [[name, dict(fields)] for name, fields in each.group_by],
        "counted": None if each.counted_fields is None else dict(each.counted_fields),
    }


def _heading(heading: Heading, *, is_output: bool) -> list[object]:
    """What is said of a hit; of a part of a correlation nothing is."""
    said = [heading.title, Level.of(heading.level), sorted(heading.tags)] if is_output else []
    return [heading.id, *said]


def condition_content(expression: Expression) -> object:
    """The expression as JSON in which the order of what is joined by and, or does not count."""
    if isinstance(expression, Match):
        test = expression.test
        # How the author wrote a text is not what is compared.
        said = [value for part, value in zip(fields(test), astuple(test), strict=True) if part.compare]
        return [type(test).__name__, *said]
    if isinstance(expression, Not):
        return ["not", condition_content(expression.part)]
    join = "all" if isinstance(expression, AllOf) else "any"
    return [join, *sorted((condition_content(part) for part in expression.parts), key=_text)]


def _text(content: object) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
