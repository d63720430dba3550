"""Owns enrichment: what the events are about, and what was known of an incident at each moment."""

from evidence.enrichment.stage import build

__all__ = ["build"]
