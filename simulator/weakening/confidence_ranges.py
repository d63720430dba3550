"""Owns which confidences two gradings can give one and the same evidence, exactly, each with such evidence.

A confidence is a sum of terms that read different columns, so that the pairs (before, after) of the sum
follow from the pairs of each term. What the columns of a state always keep is kept: independent sources
are at most as many as the sources heard. Else columns are taken as independent: more evidence than there
is, so that "confidence cannot rise" is certain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from evidence.enrichment.grading import SCALES, ConfidenceWeights
from expectations.tables.intake import SOURCES

Pair: TypeAlias = tuple[int, int]
Evidence: TypeAlias = dict[str, Any]  # columns of the states
Pairs: TypeAlias = dict[Pair, Evidence]

CONFIDENCE_MAX = 100
_LEVELS = {"high": 4, "critical": 5, "fatal": 6}


def confidence_pairs(before: ConfidenceWeights, after: ConfidenceWeights) -> Mapping[Pair, Evidence]:
    """Every pair of confidences of one and the same evidence, with the first evidence found that gives it."""
    return _pairs(before, after)


@lru_cache(maxsize=256)
def _pairs(before: ConfidenceWeights, after: ConfidenceWeights) -> Pairs:
    earned = _summed(_signals(before, after), _levels(before, after))
    # Terms that are taken off come last, so that what is below nothing can be cut at once.
    left = _summed(_summed(earned, _gaps(before, after)), _contradictions(before, after))
    return _first((min(old, CONFIDENCE_MAX), min(new, CONFIDENCE_MAX), at) for (old, new), at in left.items())


def _signals(before: ConfidenceWeights, after: ConfidenceWeights) -> Pairs:
    """The most trusted among any of the sources, and what the others add."""
    trusts: dict[tuple[int, int, int], tuple[str, ...]] = {(0, 0, 0): ()}
    for source in SCALES:
        trust = getattr(before.source_trust, source), getattr(after.source_trust, source)
        # Tools that are heard through the watch list alone may be several.
        tools = [source] if source != "watch" else [each for each in SOURCES if each not in SCALES]
        for count in range(1, len(tools) + 1):
            for (old, new, heard), names in tuple(trusts.items()):
                if tools[0] not in names:
                    pair = max(old, trust[0]), max(new, trust[1])
                    trusts.setdefault((*pair, heard + count), (*names, *tools[:count]))
    return _first(
        (
            old + _corroborated(before, others),
            new + _corroborated(after, others),
            {"signal_sources": names, "signal_source_count": others + bool(heard)},
        )
        for (old, new, heard), names in trusts.items()
        for others in range(max(heard, 1))
    )


def _corroborated(weights: ConfidenceWeights, others: int) -> int:
    return weights.corroboration_points * min(others, weights.corroboration_sources_max)


def _levels(before: ConfidenceWeights, after: ConfidenceWeights) -> Pairs:
    detected = [
        (getattr(before.level, name), getattr(after.level, name), {"detection_level": level})
        for name, level in _LEVELS.items()
    ]
    return _first([(0, 0, {"detection_level": None}), *detected])


def _gaps(before: ConfidenceWeights, after: ConfidenceWeights) -> Pairs:
    def taken(weights: ConfidenceWeights, count: int) -> int:
        return min(weights.gap_points * count, weights.gap_points_max)

    most = max(_enough(weights.gap_points, weights.gap_points_max) for weights in (before, after))
    return _first(
        (-taken(before, count), -taken(after, count), {"gap_count": count}) for count in range(most + 1)
    )


def _contradictions(before: ConfidenceWeights, after: ConfidenceWeights) -> Pairs:
    # Trust, three corroborations and a level are at most some hundreds: a point off each is then enough.
    highest = 2 * CONFIDENCE_MAX + max(
        each.corroboration_points * each.corroboration_sources_max for each in (before, after)
    )
    most = max(_enough(weights.contradiction_points, highest) for weights in (before, after))
    return _first(
        (
            -before.contradiction_points * count,
            -after.contradiction_points * count,
            {"contradiction_count": count},
        )
        for count in range(most + 1)
    )


def _enough(points: int, amount: int) -> int:
    """How often `points` have to be taken until `amount` is reached; 0 when they are none."""
    return -(-amount // points) if points else 0


def _summed(first: Pairs, second: Pairs) -> Pairs:
    return _first(
        (max(old + more[0], 0), max(new + more[1], 0), {**at, **beside})
        for (old, new), at in first.items()
        for more, beside in second.items()
    )


def _first(found: Iterable[tuple[int, int, Evidence]]) -> Pairs:
    pairs: Pairs = {}
    for old, new, at in found:
        pairs.setdefault((old, new), at)
    return pairs
