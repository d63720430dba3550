"""Owns the recorded history that comparisons are made on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.histories.history import History, open_incidents
from tests.decision.deciding import active

FIXTURES = Path(__file__).parents[3] / "fixtures"


@pytest.fixture(scope="module")
def history() -> Iterator[History]:
    """The recorded incidents, graded by the active bundle."""
    opened = open_incidents(FIXTURES, active().grading, detections=active().detections)
    yield opened
    opened.connection.close()
