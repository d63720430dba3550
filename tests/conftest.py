"""Owns what all tests share: golden files, compared or rewritten, and reproducible property tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples on every run and machine, and no failure because a machine is slow.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")

ROOT = Path(__file__).parents[1]

Golden = Callable[[Path | str, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite-golden", action="store_true", help="write golden files instead of comparing with them"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """golden(path, text): the file (below the repository) holds exactly the text, or is made to hold it."""

    def check(path: Path | str, text: str) -> None:
        file = ROOT / path
        if request.config.getoption("--rewrite-golden"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert file.exists(), f"{path} is missing; `make golden` writes it"
        assert text == file.read_text(encoding="utf-8"), f"{path} is out of date; `make golden` rewrites it"

    return check
