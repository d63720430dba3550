"""Owns the projects that end-to-end tests share."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from projects import ROOT, Project

Once = Callable[[str, Callable[[Path], None]], Path]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty folder to run in."""
    return Project(tmp_path)


@dataclass(frozen=True)
class FirstRun:
    """A project that has been run once, and what that run said."""

    project: Project
    stdout: str
    stderr: str


@pytest.fixture(scope="session")
def first_run(once: Once) -> Iterator[FirstRun]:
    """A first run in a clone, with progress asked for and the result as JSON; tests only read it."""
    folder = once("first-run", _run_first)
    said = json.loads((folder / "said.json").read_text())
    project = Project(folder / "project")
    before = _times_of_change(project.folder)
    yield FirstRun(project, **said)
    assert before == _times_of_change(project.folder), "a test has changed what others read: copy it"


def _run_first(folder: Path) -> None:
    project = Project(folder / "project")
    project.folder.mkdir()
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(ROOT / name, project.folder)
    done = project.call(*project.run_arguments, "--progress", "--format", "json")
    assert 0 == done.returncode, done.stderr
    (folder / "said.json").write_text(json.dumps({"stdout": done.stdout, "stderr": done.stderr}))


def _times_of_change(folder: Path) -> dict[str, int]:
    return {path.relative_to(folder).as_posix(): path.stat().st_mtime_ns for path in folder.rglob("*")}


@pytest.fixture(scope="session")
def built(first_run: FirstRun) -> Project:
    """A project that has been run once; tests only read it."""
    return first_run.project


@pytest.fixture
def copied(built: Project, tmp_path: Path) -> Project:
    """The built project with incidents of its own, which a test may change."""
    folder, incidents = tmp_path / "project", tmp_path / "incidents"
    shutil.copytree(built.folder, folder)
    shutil.copytree(built.incidents, incidents)
    return Project(folder, incidents)
