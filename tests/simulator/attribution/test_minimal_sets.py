"""Minimal sets are found whatever the question is like, and it is said when they may not be all there are."""

from __future__ import annotations

import random
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.attribution.minimal_sets import ASKED_MAX, Set, minimal_sets


def subsets(numbers: range) -> list[Set]:
    return [frozenset(each) for size in range(len(numbers) + 1) for each in combinations(numbers, size)]


def by_brute_force(count: int, true_of: set[Set]) -> list[tuple[int, ...]]:
    """Sets in `true_of` of which no proper part is."""
    minimal = [each for each in true_of if not any(other < each for other in true_of)]
    return sorted((tuple(sorted(each)) for each in minimal), key=lambda each: (len(each), each))


@settings(max_examples=200)
@given(st.integers(0, 6), st.integers(0, 10_000))
def test_all_minimal_sets_are_found_however_the_question_behaves(count: int, seed: int) -> None:
    """Also where a larger set fails though a part of it succeeds."""
    by = random.Random(seed)
    true_of = {each for each in subsets(range(count)) if by.random() < 0.3} | {frozenset(range(count))}
    found = minimal_sets(count, true_of.__contains__)
    needed = [n for n in range(count) if frozenset(range(count)) - {n} not in true_of]
    assert (by_brute_force(count, true_of), needed) == (list(found.sets), list(found.necessary))
    assert found.is_exhaustive


@settings(max_examples=100)
@given(st.integers(7, 9), st.integers(0, 10_000), st.integers(64, 200))
def test_what_is_found_of_many_is_minimal_too(count: int, seed: int, asked_max: int) -> None:
    """With too few questions to try every set, those that are named are still minimal ones."""
    by = random.Random(seed)
    true_of = {each for each in subsets(range(count)) if by.random() < 0.2} | {frozenset(range(count))}
    found = minimal_sets(count, true_of.__contains__, asked_max)
    expected = by_brute_force(count, true_of)
    assert found.is_exhaustive is (2**count <= asked_max)
    assert found.sets != ()
    assert [each for each in found.sets if each not in expected and len(each) <= 8] == []


@pytest.mark.parametrize(
    "alternatives", [[(3,)], [(0, 5, 11), (0, 5, 29)], [(1, 2, 3, 4, 5, 6), (1, 2, 3, 4, 5, 30)]]
)
def test_alternatives_beside_what_is_necessary_are_found_among_many(
    alternatives: list[tuple[int, ...]],
) -> None:
    """Of forty clauses, where every set that holds one of the alternatives succeeds."""
    found = minimal_sets(40, lambda each: any(each >= set(some) for some in alternatives))
    assert (tuple(alternatives), False) == (found.sets, found.is_exhaustive)


def test_without_anything_necessary_delta_debugging_finds_one() -> None:
    """Two sets of five that have nothing in common, among forty."""
    alternatives = [set(range(0, 40, 8)), set(range(3, 40, 8))]
    found = minimal_sets(40, lambda each: any(each >= some for some in alternatives))
    assert len(found.sets) == 1
    assert set(found.sets[0]) in alternatives
    assert found.necessary == ()


def test_questions_are_few_and_announced() -> None:
    """No more are asked than allowed by much, and none twice."""
    asked: list[Set] = []
    announced: set[Set] = set()

    def question(each: Set) -> bool:
        asked.append(each)
        return each >= {1, 20}

    minimal_sets(40, question, ahead=announced.update)
    assert len(asked) == len(set(asked))
    assert len(asked) < 2 * ASKED_MAX
    assert len(set(asked) - announced) < 10


def test_of_nothing_the_empty_set_is_minimal() -> None:
    """Where the question is true of nothing at all, nothing is responsible."""
    assert minimal_sets(3, lambda each: True).sets == ((),)
    assert minimal_sets(0, lambda each: True).sets == ((),)
