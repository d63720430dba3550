"""Owns the words that options of several commands take."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

DEFAULT_INCIDENTS = "fixtures, else incidents"


def incidents_folder() -> Path:
    """Where recorded incidents lie when nobody says: `fixtures`, or `incidents` where only that is there.

    The first is this repository's, the second what `evidence ingest` and `evidence init` make.
    """
    is_teams = Path("incidents").is_dir() and not Path("fixtures").is_dir()
    return Path("incidents" if is_teams else "fixtures")


class Format(StrEnum):
    """How a command prints its result."""

    TEXT = "text"
    JSON = "json"


class ComparisonFormat(StrEnum):
    """How `evidence compare` writes its result."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"
    HTML = "html"


class Engine(StrEnum):
    """What a replay runs on; the result is the same."""

    EMBEDDED = "embedded"
    SPARK = "spark"
