"""Owns the lines of the report: what was measured, the figure, and the goal with met or not met."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """At most (or `is_least`: at least) so much."""

    figure: float
    is_least: bool = False

    def is_met(self, found: float) -> bool:
        """Whether the figure keeps to the goal."""
        return found >= self.figure if self.is_least else found <= self.figure


@dataclass(frozen=True)
class Row:
    """One line. `note` says what stands in the way of a plain verdict; no goal without a figure."""

    what: str
    found: float | None
    unit: str
    goal: Goal | None = None
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        """Whether its goal is met; None without goal or figure."""
        return None if self.goal is None or self.found is None else self.goal.is_met(self.found)

    def __str__(self) -> str:
        figure = "-" if self.found is None else _figure(self.found)
        goal = ""
        if self.goal is not None:
            verdict = {True: "met", False: "not met", None: "not measured"}[self.is_met]
            goal = f"goal {'>=' if self.goal.is_least else '<='} {_figure(self.goal.figure)}: {verdict}"
        rest = "; ".join(part for part in (goal, self.note) if part)
        return f"  {self.what:<58} {figure:>8} {self.unit:<4} {rest}".rstrip()


def _figure(figure: float) -> str:
    """Three digits that count, so that ratios are not more precise than they are."""
    if abs(figure) >= 100:
        return f"{figure:,.0f}"
    return f"{figure:.1f}" if abs(figure) >= 10 else f"{figure:.2f}"
