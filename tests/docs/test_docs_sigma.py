"""The page on Sigma says what the code does."""

from __future__ import annotations

import pytest
from sigma.modifiers import modifier_mapping
from sigma_page import sigma_page

from evidence.detections.log_sources import EVENTS_FORMAT, LOG_SOURCES
from evidence.readers.registry import READERS

# GitHub's audit log has rules, but no reader yet.
WITHOUT_READER = {EVENTS_FORMAT, "github_audit"}


@pytest.mark.golden
def test_the_page_on_sigma_follows_from_the_code(golden) -> None:
    """docs/reference/sigma.md lists the log sources and modifiers that the code has."""
    golden("docs/reference/sigma.md", sigma_page())


def test_every_modifier_of_pysigma_is_on_the_page() -> None:
    """Each has a row, honoured or refused."""
    page = sigma_page()
    assert [] == [name for name in modifier_mapping if f"| `{name}` |" not in page]


def test_every_format_of_a_log_source_is_read() -> None:
    """A log source stands for formats that exist."""
    formats = {reader.format for reader in READERS} | WITHOUT_READER
    assert [] == [name for each in LOG_SOURCES for name in each.formats if name not in formats]
