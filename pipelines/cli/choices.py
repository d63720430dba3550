"""Owns the words that options of several commands take."""

from __future__ import annotations

from enum import StrEnum


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
