"""The page of hostile input says the limits that the code keeps, and what is done with each class of JSON."""

from __future__ import annotations

from typing import Any

import pytest
from hostile_input_page import hostile_input_page

from expectations.tables.intake import QUARANTINE_REASONS


@pytest.mark.golden
def test_the_page_of_hostile_input_follows_from_the_constants(golden: Any) -> None:
    """docs/reference/hostile-input.md names the limits and classes of today."""
    golden("docs/reference/hostile-input.md", hostile_input_page())


def test_the_page_names_reasons_that_there_are() -> None:
    """Reasons of quarantine are written in code, and are of the closed list."""
    page = hostile_input_page()
    named = {word for word in page.split("`") if "_" in word and word.isidentifier()}
    assert named
    assert named <= set(QUARANTINE_REASONS)
