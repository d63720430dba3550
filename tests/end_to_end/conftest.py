"""Owns the projects that end-to-end tests share."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from projects import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty folder to run in."""
    return Project(tmp_path)


@dataclass(frozen=True)
class FirstRun:
    """A project that has been run once, and what that run said."""

    project: Project
    said: subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    """A first run in an empty folder, with progress asked for and the result as JSON."""
    project = Project(tmp_path_factory.mktemp("built"))
    said = project.call(*project.run_arguments, "--progress", "--format", "json")
    assert 0 == said.returncode, said.stderr
    return FirstRun(project, said)


@pytest.fixture(scope="session")
def built(first_run: FirstRun) -> Project:
    """A project that has been run once; tests only read it, or run it again."""
    return first_run.project


@pytest.fixture
def copied(built: Project, tmp_path: Path) -> Project:
    """The built project with incidents of its own, which a test may change."""
    folder, incidents = tmp_path / "project", tmp_path / "incidents"
    shutil.copytree(built.folder, folder)
    shutil.copytree(built.incidents, incidents)
    return Project(folder, incidents)
