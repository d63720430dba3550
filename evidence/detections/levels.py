"""Owns Sigma's levels and their order."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """Sigma's levels, from least to most."""

    INFORMATIONAL = "informational"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @classmethod
    def of(cls, written: str) -> Level:
        """The level that a rule states; one that states none counts as medium."""
        return cls(written.lower() or cls.MEDIUM)

    @property
    def rank(self) -> int:
        """1 for informational to 5 for critical, as OCSF's severity ids run."""
        return list(Level).index(self) + 1
