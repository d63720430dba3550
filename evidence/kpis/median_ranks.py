"""Owns the ranks of the distribution-free interval of a median, computed exactly."""

from __future__ import annotations

from functools import cache

# The interval leaves at most one twentieth outside, half of it on either side: P(B < k) <= 1/40.
TAIL_DENOMINATOR = 40


@cache
def median_ranks(n: int) -> tuple[int, int] | None:
    """The ranks (from 1) whose order statistics enclose the median of n values with at least 95 %.

    With B binomial (n, 1/2), the k-th smallest and k-th largest of n values enclose the median of
    their distribution with probability 1 - 2 P(B < k), whatever the distribution. The largest such
    k is chosen by whole numbers alone. None below six values, where no k reaches 95 %.
    Source: Conover, Practical Nonparametric Statistics, confidence interval for a quantile.
    """
    limit = 2**n // TAIL_DENOMINATOR
    ways = below = 1  # n choose k, and the sum of them up to k
    k = 0
    while below <= limit:
        ways = ways * (n - k) // (k + 1)
        k += 1
        below += ways
    return (k, n + 1 - k) if k else None
