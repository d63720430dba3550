"""Owns which incident is meant by what a person wrote: its name, or a beginning that is its alone."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from evidence.errors import InputError

NEAR_MAX = 3
COMPARED_MAX = 20_000  # names that a misspelt one is held against: each takes a fraction of a millisecond


def find_incident(text: str, known: Sequence[str]) -> str:
    """The one of `known` that `text` is, or that alone begins with it.

    Raises InputError where there is none, with near ones or how many there are, and where several begin so.
    Those are not named: a whole name may tell how it ended.
    """
    found = [each for each in known if each == text] or [
        each for each in known if text and each.startswith(text)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(f"{len(found)} incidents begin with {text!r}", remedy="Give more of the name")
    near = [each for each in known if text and text in each]
    near += [each for each in get_close_matches(text, known[:COMPARED_MAX], cutoff=0.7) if each not in near]
    remedy = f"Did you mean {' or '.join(near[:NEAR_MAX])}?" if near else _count_words(known)
    raise InputError(f"there is no incident {text!r}", remedy=remedy)


def _count_words(known: Sequence[str]) -> str:
    if not known:
        return "There is none"
    return (
        f"There are {len(known)} incidents, from {known[0]} on" if len(known) > 1 else f"There is {known[0]}"
    )
