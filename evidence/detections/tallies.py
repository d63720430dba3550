"""Owns what a window of a correlation comes to: how many different things, their sum or average, exactly."""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Iterable, Mapping
from fractions import Fraction
from typing import Any

from evidence.detections.rules import Correlation, CorrelationKind

_HOLDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "eq": operator.eq,
    "neq": operator.ne,
}


class Tally:
    """Different things in a window; where numbers are added up, a thing ends in its number."""

    def __init__(self, correlation: Correlation) -> None:
        self.kind = correlation.kind
        first = (correlation.operator, correlation.count)
        self.bounds = [first, *([correlation.upper] if correlation.upper else ())]
        self.counts: dict[Any, int] = {}
        self.total = Fraction(0)

    def add(self, things: Iterable[Hashable]) -> None:
        """Things that come into the window."""
        for thing in things:
            self.counts[thing] = self.counts.get(thing, 0) + 1
            if self.counts[thing] == 1:
                self.total += self._number(thing)

    def remove(self, things: Iterable[Hashable]) -> None:
        """Things that leave it."""
        for thing in things:
            self.counts[thing] -= 1
            if not self.counts[thing]:
                del self.counts[thing]
                self.total -= self._number(thing)

    def holds(self) -> bool:
        """Whether the condition holds of the window. Of no number there is neither sum nor average."""
        if not self.kind.is_of_numbers:
            return self._is_within(len(self.counts), 1)
        if not self.counts:
            return False
        return self._is_within(self.total, len(self.counts) if self.kind is CorrelationKind.VALUE_AVG else 1)

    def _is_within(self, found: Fraction | int, parts: int) -> bool:
        """Compares without dividing."""
        return all(_HOLDS[name](found, count * parts) for name, count in self.bounds)

    def _number(self, thing: Any) -> Fraction | int:
        return thing[-1] if self.kind.is_of_numbers else 0
