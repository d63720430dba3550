"""Owns enrichment: what the events are about, and what was known of an incident at each moment."""

from evidence.enrichment.stage import build, build_states

__all__ = ["build", "build_states"]
