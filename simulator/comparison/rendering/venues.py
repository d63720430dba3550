"""Owns where Markdown about a comparison is read: what is drawn there, where the rest is, what follows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Venue:
    """A place. `elsewhere` says, in Markdown, where that is which is not listed."""

    has_alerts: bool  # whether a quotation that begins with [!CAUTION] is drawn as an alert
    is_gate: bool  # whether what was found makes something fail there
    elsewhere: str


PULL_REQUEST = Venue(has_alerts=True, is_gate=True, elsewhere="in the JSON")
DAGSTER = Venue(has_alerts=False, is_gate=False, elsewhere="in `replay.comparisons`")
