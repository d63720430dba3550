"""Owns the model of a hit: a rule that is true of one unit, or of several together."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Hit:
    """One hit; `values` are the texts per field, or per group name where a correlation hit.

    `event_time` is that of its last record, `known_at` the moment at which all that it needs had arrived.
    """

    incident_id: str
    event_time: int
    known_at: int
    units: tuple[int, ...]
    values: Mapping[str, tuple[str, ...]]
    group: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Item:
    """One hit within a group, with what a window counts of it: the rule, values, or itself."""

    hit: Hit
    reference: int
    counted: tuple[Hashable, ...]
