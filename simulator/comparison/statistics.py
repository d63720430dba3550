"""Owns the paired statistics of a comparison: exact tests, seeded intervals, and what a history can show.

Everything is computed from counts in whole numbers, so that a million incidents cost no more than their
few distinct outcomes, and every machine prints the same digits. The bootstrap draws from hashes of a
seed and a counter; its binomial weights use additions, products and quotients alone, which every IEEE
machine rounds alike.
"""

from __future__ import annotations

import bisect
import hashlib
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache

from evidence.kpis.median_ranks import median_ranks

BOOTSTRAP_SEED = 20260105
REPLICATES = 2000
# As in the KPI tables: below six values no interval of a median reaches 95 %.
INTERVAL_COUNT_MIN = 6
# Six discordant pairs that all point one way are the fewest that a two-sided 5 % test can reject on: 2 / 2^6.
DISCORDANT_MIN = 6
POWER = Fraction(4, 5)
Z_LEVEL, Z_POWER = Decimal("1.959963984540054"), Decimal("0.841621233572914")  # of 97.5 % and of POWER
DIGITS = 4
P_DIGITS, P_MIN = 6, Decimal("1e-100")
_EXACT_MAX = 10_000  # above, the exact tail is summed with sixty digits rather than with whole numbers
_TAIL_WEIGHT = 1e-18  # weights smaller than that share of the greatest cannot move a percentile


def decimal_text(value: Fraction | Decimal, digits: int = DIGITS) -> str:
    """The value with so many digits after the point, rounded half to even."""
    exact = value if isinstance(value, Decimal) else Decimal(value.numerator) / Decimal(value.denominator)
    rounded = exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN)
    return f"{rounded + 0:f}"  # plus nought, so that there is no -0


def p_text(value: Fraction | Decimal) -> str:
    """The p with six significant digits; what is below P_MIN as this, so that no p is said to be nought."""
    exact = value if isinstance(value, Decimal) else Decimal(value.numerator) / Decimal(value.denominator)
    exact = max(exact, P_MIN)
    return decimal_text(exact, max(DIGITS, P_DIGITS - 1 - exact.adjusted()))


def mcnemar_p(gained: int, lost: int) -> str | None:
    """The exact two-sided p of McNemar's test, as a decimal text; None where no pair is discordant.

    Under the null hypothesis a discordant pair is as likely to gain as to lose, so that the smaller
    count is binomial (n, 1/2); p is twice its lower tail, at most 1. Source: McNemar 1947, in its exact
    conditional form (Agresti, Categorical Data Analysis, matched pairs).
    """
    count, fewer = gained + lost, min(gained, lost)
    if not count:
        return None
    if count <= _EXACT_MAX:
        return p_text(min(Fraction(1), Fraction(2 * _ways(count, fewer), 2**count)))
    return p_text(min(Decimal(1), 2 * _half_tail(count, fewer)))


def _ways(count: int, fewer: int) -> int:
    """In how many ways at most `fewer` of `count` can be chosen, each number of them from the one before."""
    ways = total = 1
    for k in range(fewer):
        ways = ways * (count - k) // (k + 1)
        total += ways
    return total


def _half_tail(count: int, fewer: int) -> Decimal:
    """P(X <= fewer) of a binomial (count, 1/2), term by term from the greatest down."""
    with localcontext() as context:
        context.prec = 60
        context.Emin, context.Emax = -999_999_999, 999_999_999
        term = Decimal(1)
        for k in range(fewer):
            term = term * (count - k) / (k + 1)
        term /= Decimal(2) ** count
        total = term
        for k in range(fewer, 0, -1):
            term = term * k / (count - k + 1)
            total += term
            if term < total * Decimal("1e-30"):
                break
        return +total


def share_interval(gained: int, lost: int, count: int) -> tuple[str, str] | None:
    """95 % of the smoothed bootstrap distribution of (gained - lost) / count; None where too few.

    Resamples incidents: how many of them are discordant, and how many of these gain. Chances are taken
    from the counts with one gain and one loss more (Bonett and Price 2012, the Laplace adjustment of
    paired shares): without it a history in which nothing happens to differ would give an interval of no
    width, and 95 % would hold 57 % of the time at 17 incidents of which one in twenty gains. Gains and
    losses the other way round give the same interval the other way round.
    """
    if count < INTERVAL_COUNT_MIN:
        return None
    low, high = _differences(max(gained, lost), min(gained, lost), count)
    if gained == lost:
        low, high = min(low, -high), max(high, -low)
    if gained < lost:
        low, high = -high, -low
    return decimal_text(Fraction(low, count)), decimal_text(Fraction(high, count))


@lru_cache(maxsize=1024)
def _differences(gained: int, lost: int, count: int) -> tuple[int, int]:
    """2.5 % and 97.5 % of gains minus losses over the replicates."""
    draws = _draws(BOOTSTRAP_SEED)
    discordant = _Binomial(count, gained + lost + 2, count + 2)
    drawn = sorted(discordant.at(next(draws)) for _ in range(REPLICATES))
    # What all replicates have in common is weighed once: the sum of two binomials is one.
    fewest = drawn[0]
    common = _Binomial(fewest, gained + 1, gained + lost + 2)
    differences = []
    for pairs, group in itertools.groupby(drawn):
        rest = _Binomial(pairs - fewest, gained + 1, gained + lost + 2)
        differences += [2 * (common.at(next(draws)) + rest.at(next(draws))) - pairs for _ in group]
    return percentiles(sorted(differences))


def percentiles(ordered: Sequence[int]) -> tuple[int, int]:
    """The values at 2.5 % and 97.5 % by nearest rank; 95 % of the values lie within."""
    tail = len(ordered) // 40
    return ordered[tail], ordered[len(ordered) - 1 - tail]


class _Binomial:
    """How many of `count` trials succeed, each with probability `successes` / `trials`."""

    def __init__(self, count: int, successes: int, trials: int) -> None:
        if not trials or not successes:
            self._values, self._weights = [0], [1.0]
            return
        if successes == trials:
            self._values, self._weights = [count], [1.0]
            return
        odds = successes / (trials - successes)
        mode = min(count, (count + 1) * successes // trials)
        below = _falling(range(mode, 0, -1), lambda k: k / ((count - k + 1) * odds))
        above = _falling(range(mode, count), lambda k: (count - k) * odds / (k + 1))
        self._values = list(range(mode - len(below), mode + len(above) + 1))
        self._weights = list(itertools.accumulate([*reversed(below), 1.0, *above]))

    def at(self, share: float) -> int:
        """The value below which so large a share of the probability lies."""
        place = bisect.bisect_right(self._weights, share * self._weights[-1])
        return self._values[min(place, len(self._values) - 1)]


def _draws(seed: int) -> Iterator[float]:
    """Numbers from 0 up to 1, each of the 53 bits that a float holds."""
    for counter in itertools.count():
        block = hashlib.sha256(f"{seed}:{counter}".encode()).digest()
        yield from ((int.from_bytes(block[at : at + 8]) >> 11) / 2**53 for at in range(0, 32, 8))


def _falling(ks: range, ratio: Callable[[int], float]) -> list[float]:
    """Weights beside the mode, each the one before times a ratio, until they no longer matter."""
    weights, weight = [], 1.0
    for k in ks:
        weight *= ratio(k)
        if weight < _TAIL_WEIGHT:
            break
        weights.append(weight)
    return weights


def median_rank_bounds(count: int) -> tuple[int, int] | None:
    """Ranks, from 1, whose values enclose the median with at least 95 %; None below six values.

    Exact up to 2,000 values (see evidence.kpis.median_ranks); above, two standard deviations of the
    binomial (count, 1/2) on either side, which is a little more than 95 %.
    """
    if count <= 2000:
        return median_ranks(count)
    low = (count - math.isqrt(4 * count)) // 2
    return low, count + 1 - low


def minimum_detectable_difference(count: int, discordant: int = 0) -> str | None:
    """Smallest net share of `count` pairs whose change the test finds four times in five at 5 %.

    `discordant` pairs were seen to change, one way or the other, and as many are taken to change again:
    gains and losses that cancel out hide a difference. For a share `d` of net change among a share `p`
    of discordant pairs the power is that of McNemar's test in the usual approximation,
    `count * d**2 >= (z_level * sqrt(p) + z_power * sqrt(p - d**2))**2` (Miettinen 1968; Connor 1987,
    Sample size for testing differences in proportions for the paired-sample design, Biometrics 43).
    A net change cannot be more than all changes. So beyond `p` all of it points one way, which is counted
    exactly: the test then rejects from six on. In thousandths, decimals alone; None where even a change
    of all of them would not be found.
    """
    if count < DISCORDANT_MIN:
        return None
    most = discordant * 1000 // count
    if most and _finds_among(count, discordant, most):
        return _thousandths(_least(1, most, lambda net: _finds_among(count, discordant, net)))
    return _thousandths(_least(most + 1, 1000, lambda net: _reaches_power(count, net)))


def _least(low: int, high: int, is_enough: Callable[[int], bool]) -> int:
    """The least number that is enough, where every greater one is too; the highest is taken to be."""
    while low < high:
        middle = (low + high) // 2
        if is_enough(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _thousandths(number: int) -> str:
    return decimal_text(Fraction(number, 1000), 3)


def _finds_among(count: int, discordant: int, thousandths: int) -> bool:
    """Whether a net change of so many thousandths is found among the discordant pairs."""
    with localcontext() as context:
        context.prec = 60
        net, p = Decimal(thousandths) / 1000, Decimal(discordant) / count
        needed = Z_LEVEL * p.sqrt() + Z_POWER * max(p - net * net, Decimal(0)).sqrt()
        return count * net * net >= needed * needed


def _reaches_power(count: int, thousandths: int) -> bool:
    """P(X >= DISCORDANT_MIN) >= POWER of a binomial (count, thousandths / 1000)."""
    with localcontext() as context:
        context.prec = 60
        context.Emin, context.Emax = -999_999_999, 999_999_999
        p = Decimal(thousandths) / 1000
        fewer = sum(
            math.comb(count, k) * p**k * (1 - p) ** (count - k) if p < 1 else Decimal(0)
            for k in range(DISCORDANT_MIN)
        )
        return 1 - fewer >= Decimal(POWER.numerator) / POWER.denominator
