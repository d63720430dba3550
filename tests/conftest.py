"""Owns what all tests share: golden files, folders built once, the order of files, repeatable properties."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

# The same examples on every run and machine, and no failure because a machine is slow.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")

# What a command prints is as wide as where there is no terminal, whoever runs the tests.
os.environ.pop("COLUMNS", None)

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[1]

# What takes longest begins first, so that the workers end together; then the files as they lie. While one
# worker builds what all of `end_to_end` reads, the other has something to do that does not wait for it.
LONGEST_FIRST = (
    "end_to_end/test_dagster_dev.py",
    "docs/test_readme_output.py",
    "end_to_end/",
    "docs/",
    "assets/",
)

Golden = Callable[[Path | str, str], None]
Once = Callable[[str, Callable[[Path], None]], Path]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite-golden", action="store_true", help="write golden files instead of comparing with them"
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser that the tests of one file share."""
    from tests.browsers import launched  # only where pages are looked at

    with launched() as found:
        yield found


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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    """Place in LONGEST_FIRST, the same in every worker; sorting keeps the order within a file."""
    path = item.path.as_posix()
    ranks = (rank for rank, part in enumerate(LONGEST_FIRST) if f"tests/{part}" in path)
    return next(ranks, len(LONGEST_FIRST))


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """once(name, build): a folder that `build` has filled, one for all workers of this test run.

    Tests only read it: who wants to change something copies it.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def folder_of(name: str, build: Callable[[Path], None]) -> Path:
        folder, built = shared / name, shared / f"{name}.built"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not built.exists():
                shutil.rmtree(folder, ignore_errors=True)  # a worker before has failed at it
                folder.mkdir()
                build(folder)
                built.touch()
        return folder

    return folder_of
