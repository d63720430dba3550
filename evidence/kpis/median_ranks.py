"""Owns the ranks of the distribution-free interval of a median, computed exactly."""

from __future__ import annotations

from functools import cache
from math import isqrt

# The interval leaves at most one twentieth outside, half of it on either side: P(B < k) <= 1/40.
TAIL_DENOMINATOR = 40
EXACT_COUNT_MAX = 20_000
"""Up to so many values the ranks are exact; above, adding up binomials would take seconds."""
# Square of the 97.5 % quantile of the normal distribution, in ten-thousandths, rounded up.
_NORMAL_SQUARE = 38_415


@cache
def median_ranks(n: int) -> tuple[int, int] | None:
    """The ranks (from 1) whose order statistics enclose the median of n values with at least 95 %.

    With B binomial (n, 1/2), the k-th smallest and k-th largest of n values enclose the median of
    their distribution with probability 1 - 2 P(B < k), whatever the distribution. The largest such
    k is chosen by whole numbers alone. None below six values, where no k reaches 95 %. Above
    EXACT_COUNT_MAX values B is taken for normal, and k is at most one less than exactly.
    Source: Conover, Practical Nonparametric Statistics, confidence interval for a quantile.
    """
    if n > EXACT_COUNT_MAX:
        wide = (n - isqrt(_NORMAL_SQUARE * n // 10_000) - 1) // 2
        return wide, n + 1 - wide
    limit = 2**n // TAIL_DENOMINATOR
    ways = below = 1  # n choose k, and the sum of them up to k
    k = 0
    while below <= limit:
        ways = ways * (n - k) // (k + 1)
        k += 1
        below += ways
    return (k, n + 1 - k) if k else None
