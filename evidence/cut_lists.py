"""Owns how a long list is named in a sentence: so many of it, and how many more there are."""

from __future__ import annotations

from collections.abc import Sequence


def cut_list(items: Sequence[object], named_max: int) -> str:
    """`a, b and 3 more`: the first `named_max`, and the count of the rest where there is a rest."""
    named = ", ".join(map(str, items[:named_max]))
    more = len(items) - named_max
    return f"{named} and {more:,} more" if more > 0 else named
