"""The statistics of a comparison against other ways to compute them, and what they promise about errors."""

from __future__ import annotations

import itertools
import math
import os
import random
import subprocess
import sys
import time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evidence.kpis.median_ranks import median_ranks
from simulator.comparison.statistics import (
    DISCORDANT_MIN,
    INTERVAL_COUNT_MIN,
    decimal_text,
    mcnemar_p,
    median_rank_bounds,
    minimum_detectable_difference,
    p_text,
    percentiles,
    share_interval,
)

ROOT = Path(__file__).parents[3]
LEVEL = Decimal("0.05")


def p_by_enumeration(gained: int, lost: int) -> Fraction:
    """Over all ways to flip the signs of the pairs, the share of those that are at least as uneven."""
    flips = list(itertools.product((1, -1), repeat=gained + lost))
    return Fraction(sum(abs(sum(flip)) >= abs(gained - lost) for flip in flips), len(flips))


@pytest.mark.parametrize("gained", range(8))
@pytest.mark.parametrize("lost", range(8))
def test_mcnemar_is_the_share_of_flips_that_are_as_uneven(gained: int, lost: int) -> None:
    """The exact p, told by enumerating every flip of the discordant pairs."""
    if gained + lost == 0:
        assert mcnemar_p(gained, lost) is None
    else:
        assert p_text(p_by_enumeration(gained, lost)) == mcnemar_p(gained, lost)


@pytest.mark.parametrize(
    ("gained", "lost", "p"),
    [
        (0, 5, "0.0625000"),
        (0, 6, "0.0312500"),
        (5, 15, "0.0413895"),
        (1, 8, "0.0390625"),
        (10, 10, "1.00000"),
        (0, 40, "0.00000000000181899"),
        (0, 400, "0." + "0" * 99 + "100000"),
    ],
)
def test_mcnemar_gives_known_values(gained: int, lost: int, p: str) -> None:
    """2 / 2^n for pairs that all point one way, never nought; 5 against 15 from tables of the binomial."""
    assert p == mcnemar_p(gained, lost)


@pytest.mark.parametrize("count", [25, 999, 9_999, 10_000, 10_001, 40_000, 250_000])
def test_mcnemar_agrees_with_another_implementation(count: int) -> None:
    """SciPy's exact binomial test, on both sides of the size at which our sum changes its arithmetic."""
    for standard_deviations in (0.0, 0.4, 1.0, 1.9, 2.1, 3.0):
        fewer = int(count / 2 - standard_deviations * math.sqrt(count) / 2)
        expected = stats.binomtest(fewer, count).pvalue
        assert abs(expected - float(str(mcnemar_p(fewer, count - fewer)))) <= max(1e-99, expected * 6e-6)


def test_mcnemar_rejects_flipped_signs_at_most_at_its_level() -> None:
    """For every number of pairs the share of flips on which it rejects at 5 % is at most 5 %, exactly."""
    for count in range(1, 120):
        rejecting = sum(
            math.comb(count, gained)
            for gained in range(count + 1)
            if Decimal(str(mcnemar_p(gained, count - gained))) <= LEVEL
        )
        assert Fraction(rejecting, 2**count) <= Fraction(1, 20)


def test_mcnemar_rejects_randomly_flipped_signs_at_most_at_its_level() -> None:
    """The same with signs flipped by a generator, as one would check it on recorded pairs."""
    generator = random.Random(7)
    rejected = 0
    for _ in range(4000):
        count = generator.randint(1, 200)
        gained = sum(generator.random() < 0.5 for _ in range(count))
        rejected += Decimal(str(mcnemar_p(gained, count - gained))) <= LEVEL
    assert 0 < rejected <= 4000 * LEVEL


def test_six_pairs_one_way_are_the_fewest_that_reject() -> None:
    """Which is why fewer are called too few."""
    assert Decimal(str(mcnemar_p(0, DISCORDANT_MIN))) <= LEVEL
    assert Decimal(str(mcnemar_p(0, DISCORDANT_MIN - 1))) > LEVEL


Intervals = dict[tuple[int, int], list[float]]


def coverage(count: int, p_gain: float, p_loss: float, intervals: Intervals) -> float:
    """The chance, summed over all outcomes, that the interval holds the true difference."""
    p_same = max(0.0, 1 - p_gain - p_loss)
    return sum(
        math.comb(count, gained)
        * math.comb(count - gained, lost)
        * p_gain**gained
        * p_loss**lost
        * p_same ** (count - gained - lost)
        for (gained, lost), (low, high) in intervals.items()
        if low - 0.0001 <= p_gain - p_loss <= high + 0.0001
    )


@pytest.mark.parametrize("count", [6, 11, 17])
def test_intervals_hold_what_they_promise(count: int) -> None:
    """Over a grid of truths 95 % hold the difference on average, and 91 % in the worst of them."""
    intervals = {
        (gained, lost): [float(bound) for bound in share_interval(gained, lost, count) or ()]
        for gained in range(count + 1)
        for lost in range(count + 1 - gained)
    }
    grid = [(gain / 20, loss / 20) for gain in range(21) for loss in range(21 - gain)]
    found = [coverage(count, p_gain, p_loss, intervals) for p_gain, p_loss in grid]
    assert min(found) >= 0.91
    assert sum(found) / len(found) >= 0.95


def test_intervals_hold_the_truth_on_simulated_histories() -> None:
    """Histories of 300 incidents of which one in ten gains and one in thirty loses."""
    generator = random.Random(11)
    held = 0
    for _ in range(400):
        draws = [generator.random() for _ in range(300)]
        gained, lost = sum(draw < 3 / 30 for draw in draws), sum(3 / 30 <= draw < 4 / 30 for draw in draws)
        low, high = (Fraction(bound) for bound in share_interval(gained, lost, 300) or ())
        held += low <= Fraction(2, 30) <= high
    assert held >= 400 * 0.93


@given(st.integers(6, 400), st.integers(0, 400), st.integers(0, 400))
def test_an_interval_holds_what_was_observed(count: int, gained: int, lost: int) -> None:
    """And turns round when gains and losses do."""
    gained = min(gained, count)
    lost = min(lost, count - gained)
    low, high = (Fraction(bound) for bound in share_interval(gained, lost, count) or ())
    rounding = Fraction(1, 10_000)
    assert low - rounding <= Fraction(gained - lost, count) <= high + rounding
    assert (-high, -low) == tuple(Fraction(bound) for bound in share_interval(lost, gained, count) or ())


def test_where_nothing_differs_the_interval_still_has_a_width() -> None:
    """No difference seen in seventeen incidents does not show that there is none."""
    low, high = (Decimal(bound) for bound in share_interval(0, 0, 17) or ())
    assert low == -high
    # By the rule of three, no event in n trials leaves 3 / n possible.
    assert Decimal("0.15") < high < Decimal("0.20")


@pytest.mark.parametrize("count", range(INTERVAL_COUNT_MIN))
def test_below_six_incidents_there_is_no_interval(count: int) -> None:
    """They are too few for 95 %."""
    assert share_interval(0, 0, count) is None
    assert median_rank_bounds(count) is None


@pytest.mark.parametrize("count", [*range(6, 60), 500, 2000, 2001, 5000])
def test_the_ranks_enclose_the_median_with_95_percent(count: int) -> None:
    """Exactly, for whatever distribution: the median has Binomial(n, 1/2) values below it."""
    low, high = median_rank_bounds(count) or (0, 0)
    inside = sum(math.comb(count, below) for below in range(low, high))
    assert Fraction(inside, 2**count) >= Fraction(95, 100)
    if count <= 2000:
        assert median_ranks(count) == (low, high)


def test_the_ranks_of_many_values_waste_little() -> None:
    """A million values: no less than 95 % and no more than 96 %."""
    low, high = median_rank_bounds(1_000_000) or (0, 0)
    inside = stats.binom.cdf(high - 1, 1_000_000, 0.5) - stats.binom.cdf(low - 1, 1_000_000, 0.5)
    assert 0.95 <= inside <= 0.96


def power(count: int, share: Fraction) -> Fraction:
    """The chance that the test rejects when so large a share changes and all of it one way."""
    return sum(
        (
            math.comb(count, changed) * share**changed * (1 - share) ** (count - changed)
            for changed in range(1, count + 1)
            if Decimal(str(mcnemar_p(changed, 0))) <= LEVEL
        ),
        Fraction(0),
    )


@pytest.mark.parametrize("count", [6, 7, 11, 17, 60])
def test_the_minimum_detectable_difference_has_the_power_it_claims(count: int) -> None:
    """Four times in five at that share, and not at a thousandth less."""
    share = Fraction(str(minimum_detectable_difference(count)))
    assert power(count, share) >= Fraction(4, 5) > power(count, share - Fraction(1, 1000))


def exact_power(count: int, discordant: int, net: Fraction) -> float:
    """How often the exact test rejects where `discordant` of `count` change on average, `net` net."""
    p = discordant / count
    gain = (p + float(net)) / (2 * p)
    found = 0.0
    for pairs in range(count + 1):
        weight = math.comb(count, pairs) * p**pairs * (1 - p) ** (count - pairs)
        if weight < 1e-12:
            continue
        found += weight * sum(
            math.comb(pairs, gained) * gain**gained * (1 - gain) ** (pairs - gained)
            for gained in range(pairs + 1)
            if Decimal(mcnemar_p(gained, pairs - gained) or 1) <= LEVEL
        )
    return found


@pytest.mark.parametrize(("count", "discordant"), [(120, 40), (300, 60)])
def test_what_cancels_out_hides_a_difference(count: int, discordant: int) -> None:
    """Found about four times in five among as many discordant pairs as were seen.

    The exact test is somewhat more cautious than the formula. Counted as if all of it pointed one way the
    same share would be found by far less: that would promise too much.
    """
    share = Fraction(str(minimum_detectable_difference(count, discordant)))
    assert 0.72 < exact_power(count, discordant, share) < 0.85
    one_way = Fraction(str(minimum_detectable_difference(count)))
    assert exact_power(count, discordant, one_way) < 0.4


@pytest.mark.parametrize(
    ("count", "discordant", "expected"),
    [
        (10_000, 1186, "0.010"),  # sqrt(0.1186 / 10,000) * (1.96 + 0.84), in thousandths, upwards
        (1_000_000, 100_000, "0.001"),
        (11, 5, "0.623"),  # more than all that changed: exactly, all one way
        (11, 0, "0.623"),
    ],
)
def test_the_minimum_detectable_difference_follows_from_what_changes(
    count: int, discordant: int, expected: str
) -> None:
    """The more pairs change either way, the larger a net change must be to be seen."""
    assert expected == minimum_detectable_difference(count, discordant)


def test_fewer_than_six_labels_detect_nothing() -> None:
    """Even if all of them change."""
    assert [None] * 6 == [minimum_detectable_difference(count) for count in range(6)]


def test_decimal_texts_round_half_to_even_and_have_no_negative_nought() -> None:
    """So that a text is the same whichever way it was computed."""
    halves = (Fraction(25, 1000), Fraction(35, 1000), Fraction(-1, 100_000))
    assert ["0.02", "0.04", "0.00"] == [decimal_text(value, 2) for value in halves]


def test_percentiles_leave_a_fortieth_outside_on_either_side() -> None:
    """By nearest rank."""
    assert (50, 1949) == percentiles(range(2000))


def test_another_process_prints_the_same_digits() -> None:
    """Whatever the hash seed: the generator has a seed of its own."""
    figures = "share_interval(7, 3, 40), share_interval(70_000, 30_000, 1_000_000), mcnemar_p(4_900, 5_200)"
    code = f"from simulator.comparison.statistics import *; print(({figures}))"
    here = (share_interval(7, 3, 40), share_interval(70_000, 30_000, 1_000_000), mcnemar_p(4_900, 5_200))
    for seed in ("0", "1"):
        there = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert f"{here}\n" == there.stdout


def test_a_million_incidents_cost_little() -> None:
    """Counts are all that is looked at: a few seconds of CPU at most for every figure of a summary."""
    start = time.process_time()
    for gained, lost in ((0, 0), (3, 1), (40_000, 10_000), (300_000, 200_000), (500_000, 500_000)):
        share_interval(gained, lost, 1_000_000)
        mcnemar_p(gained, lost)
    minimum_detectable_difference(1_000_000)
    assert time.process_time() - start < 5
