"""Owns the verdicts on what evidence lacks: gaps in the exports and the minimum context of each incident."""

from evidence.quality.stage import build_completeness, build_minimum_context

__all__ = ["build_completeness", "build_minimum_context"]
