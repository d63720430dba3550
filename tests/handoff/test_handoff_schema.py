"""The published JSON Schema is the model's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evidence.handoff.schema import published_schema


@pytest.mark.golden
def test_the_published_schema_is_the_models(golden: Callable[[Path | str, str], None]) -> None:
    """docs/schemas/handoff.schema.json is generated, so that it cannot be out of date."""
    golden("docs/schemas/handoff.schema.json", published_schema())
