"""Owns the interval of a share: which shares so many of so many are compatible with."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext

COUNT_MIN = 6
"""As for medians: of fewer than six nothing is said but the count."""

_Z_SQUARE = Decimal("3.841458820694124")  # square of the 97.5 % quantile of the normal distribution


def share_interval(count: int, of: int) -> tuple[int, int] | None:
    """The 95 % interval of `count` / `of` in whole per cent; None where there are too few.

    Wilson's score interval, each end rounded half up. Computed in decimals, so that every machine
    prints the same. Source: Wilson 1927; Brown, Cai and DasGupta 2001 recommend it for small counts.
    """
    if of < COUNT_MIN:
        return None
    with localcontext() as context:
        context.prec = 40
        n, share = Decimal(of), Decimal(count) / Decimal(of)
        centre = share + _Z_SQUARE / (2 * n)
        half = (_Z_SQUARE * (share * (1 - share) / n + _Z_SQUARE / (4 * n * n))).sqrt()
        ends = ((centre + sign * half) / (1 + _Z_SQUARE / n) for sign in (-1, 1))
        low, high = (int((100 * end).quantize(Decimal(1), ROUND_HALF_UP)) for end in ends)
    return max(0, low), min(100, high)


def percent(count: int, of: int) -> int:
    """The share in whole per cent, rounded half up; of none it is 0."""
    return (200 * count + of) // (2 * of) if of else 0
