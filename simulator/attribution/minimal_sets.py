"""Owns the search for minimal sets: those of which a question is true, and of no proper part of them.

Nothing is taken for granted about the question: a larger set may fail where a smaller one succeeds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, pairwise
from typing import TypeAlias

ASKED_MAX = 1024
PARTS_MAX = 8  # elements up to which every part of a set is asked about

Set: TypeAlias = frozenset[int]
Question: TypeAlias = Callable[[Set], bool]
Ahead: TypeAlias = Callable[[Sequence[Set]], None]


@dataclass(frozen=True, slots=True)
class Found:
    """Minimal sets, by size and then by their elements; `is_exhaustive` when there are no others.

    `necessary` are the elements without which all the others together do not make the question true.
    """

    sets: tuple[tuple[int, ...], ...]
    necessary: tuple[int, ...]
    is_exhaustive: bool


def minimal_sets(
    count: int, question: Question, asked_max: int = ASKED_MAX, ahead: Ahead = lambda sets: None
) -> Found:
    """Minimal sets of the numbers below `count`, for a question that is true of all of them together.

    Every set is tried where that takes no more than `asked_max` questions. Otherwise single numbers come
    first, then what is necessary together with few others, and where that is not enough delta debugging;
    of a set with more than PARTS_MAX numbers it is then certain only that no single one can be left out.
    `ahead` is told which sets will be asked about next.
    """
    question = cache(question)
    numbers = range(count)
    every = frozenset(numbers)
    without = [every - {number} for number in numbers]
    ahead(without)
    needed = tuple(number for number, rest in enumerate(without) if not question(rest))
    if 2**count <= asked_max:
        sets = _by_size(numbers, frozenset(), count, question, ahead)
        return Found(_ordered(sets), needed, is_exhaustive=True)
    singles = _by_size(numbers, frozenset(), 1, question, ahead)
    others = [number for number in numbers if number not in needed]
    few = _affordable(len(others), asked_max)
    sets = singles + _by_size(others, frozenset(needed), few, question, ahead)
    minimal = [_minimal(each, question) for each in sets or [_by_delta_debugging(count, question)]]
    return Found(_ordered(minimal), needed, is_exhaustive=False)


def _by_size(numbers: Sequence[int], base: Set, size_max: int, question: Question, ahead: Ahead) -> list[Set]:
    """The base with up to so many numbers more, wherever none of those found before is a part of it."""
    found: list[Set] = []
    for size in range(size_max + 1):
        sets = [base | frozenset(more) for more in combinations(numbers, size)]
        sets = [each for each in sets if not any(smaller <= each for smaller in found)]
        ahead(sets)
        found += [each for each in sets if question(each)]
    return found


def _affordable(count: int, asked_max: int) -> int:
    """The greatest size such that all sets up to it are no more than `asked_max`; at least 1."""
    asked, size = 1 + count, 1
    while size < count and asked + math.comb(count, size + 1) <= asked_max:
        size += 1
        asked += math.comb(count, size)
    return size


def _minimal(each: Set, question: Question) -> Set:
    """A part of which no part succeeds; of a large set one that no single number can be taken from."""
    if len(each) <= PARTS_MAX:
        return next(part for part in _parts(each) if question(part))
    for number in sorted(each):
        if question(each - {number}):
            return _minimal(each - {number}, question)
    return each


def _parts(each: Set) -> Iterator[Set]:
    """All parts, the smallest first and the set itself last."""
    for size in range(len(each) + 1):
        yield from map(frozenset, combinations(sorted(each), size))


def _ordered(found: Sequence[Set]) -> tuple[tuple[int, ...], ...]:
    return tuple(sorted({tuple(sorted(each)) for each in found}, key=lambda each: (len(each), each)))


def _by_delta_debugging(count: int, question: Question) -> Set:
    """Zeller's ddmin: halves, quarters … and what they leave, until no single number can go."""
    kept, parts = list(range(count)), 2
    while len(kept) > 1:
        chunks = _chunks(kept, parts)
        rests = [[each for each in kept if each not in chunk] for chunk in chunks]
        smaller = next((each for each in (*chunks, *rests) if question(frozenset(each))), None)
        if smaller is not None:
            parts = 2 if smaller in chunks else max(parts - 1, 2)
            kept = smaller
        elif parts >= len(kept):
            break
        else:
            parts = min(len(kept), parts * 2)
    return frozenset(kept)


def _chunks(numbers: list[int], parts: int) -> list[list[int]]:
    bounds = [len(numbers) * part // parts for part in range(parts + 1)]
    return [numbers[start:end] for start, end in pairwise(bounds)]
