"""Owns what tests of detections compare on: the recorded incidents, and comparisons of two sets of rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulator.comparison.compare import Side, compare
from simulator.comparison.model import Comparison
from simulator.histories.history import History, open_incidents

from ...decision.deciding import ROOT, active
from .rule_sets import Rules, deciding, detections

Compared = Callable[..., Comparison]


@pytest.fixture(scope="module")
def history() -> Iterator[History]:
    """The recorded incidents, built with no rules."""
    opened = open_incidents(ROOT / "fixtures", active().grading)
    yield opened
    opened.connection.close()


@pytest.fixture(scope="module")
def compared(history: History, tmp_path_factory: pytest.TempPathFactory) -> Compared:
    """Compares two sets of rules under the deciding playbook."""

    def compare_rules(old: Rules, new: Rules, **options: Any) -> Comparison:
        folder: Path = tmp_path_factory.mktemp("rules")
        sides = [
            Side(replace(deciding(), detections=detections(folder / name, rules)), name, name)
            for name, rules in (("old", old), ("new", new))
        ]
        return compare(history, *sides, **options)

    return compare_rules
