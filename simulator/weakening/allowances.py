"""Owns what a name covers by which something given up may pass.

A name covers what its own clauses give up: by themselves, or several of them together. Two names do not add
up, for whoever allows one thing because another still guards it has not allowed that the other goes as well.
"""

from __future__ import annotations

from collections.abc import Collection

ALL_WEIGHTS = "grading.confidence"  # names all weights of the confidence together
TOGETHER = "+"  # joins the clauses of a name


def is_allowed(name: str, allowed: Collection[str]) -> bool:
    """Whether one of the allowed names has every clause of `name`, whatever their order."""
    return any(is_covered(name, each) for each in allowed)


def is_covered(name: str, by: str) -> bool:
    """Whether every clause of `name` is one of `by`."""
    parts = by.split(TOGETHER)
    return all(_is_among(each, parts) for each in name.split(TOGETHER))


def _is_among(clause: str, parts: Collection[str]) -> bool:
    # All weights of the confidence have one name beside their own.
    return clause in parts or (ALL_WEIGHTS in parts and clause.startswith(f"{ALL_WEIGHTS}."))
