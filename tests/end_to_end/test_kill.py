"""A kill at any moment leaves the last published version whole, and the next run converges."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from projects import RUN_SECONDS_MAX, Project, until

from evidence.warehouse import Warehouse

STAGES = [
    "intake.files",
    "quality.completeness",
    "enrichment.incident_states",
    "decision.decisions",
    "handoff.packages",
    "kpis.weekly_mttd",
    "kpis.learning",
]


def kill_when(project: Project, condition: Callable[[], object]) -> None:
    """Start a run and kill it, unasked, as soon as the condition holds (or the run has ended)."""
    process = project.start(*project.run_arguments)
    try:
        until(lambda: process.poll() is not None or condition(), RUN_SECONDS_MAX, "the moment to kill")
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()


def is_published(project: Project, table: str) -> bool:
    """Whether the run has come as far as this table."""
    return table in Warehouse(project.warehouse).published()


def assert_whole(project: Project) -> None:
    """Every published table can be read, by its files and by the catalogue."""
    warehouse = Warehouse(project.warehouse)
    for name, entry in warehouse.published().items():
        assert entry.row_count == sum(
            pq.read_metadata(path).num_rows for path in warehouse.paths_of(entry)
        ), name
    if warehouse.catalogue.exists():
        project.tables()


def test_a_killed_first_run_converges(built: Project, project: Project) -> None:
    """Killed when enrichment is published: what is there is whole, and the next run ends where others end.

    So it does with another hash seed, time zone, locale and thread count, and with neither clone nor history.
    """
    kill_when(project, lambda: is_published(project, "enrichment.incident_states"))
    assert_whole(project)
    environment = {"PYTHONHASHSEED": "4711", "TZ": "Pacific/Chatham", "LC_ALL": "C", "PYTHONUTF8": "0"}
    project.run("--threads", "1", environment=environment)
    assert built.digest() == project.digest()
    assert 0 == project.verify().returncode
    assert ["out", "warehouse"] == sorted(path.name for path in project.folder.iterdir())


def test_a_killed_later_run_leaves_the_last_version(copied: Project) -> None:
    """Killed while a changed incident goes through: the catalogue still shows every table."""
    before = copied.tables()
    gone = sorted(path.parent for path in copied.incidents.rglob("incident.yaml"))[-1]
    shutil.rmtree(gone)
    manifest = copied.warehouse / "published.json"
    first = manifest.read_bytes()
    kill_when(copied, lambda: manifest.read_bytes() != first)
    assert_whole(copied)
    assert sorted(before) == sorted(copied.tables())


@pytest.mark.slow
@pytest.mark.parametrize("table", STAGES)
def test_a_kill_after_each_stage_converges(built: Project, project: Project, table: str) -> None:
    """Wherever the run was killed, the next one ends with the same digests."""
    kill_when(project, lambda: is_published(project, table))
    assert_whole(project)
    project.run()
    assert built.digest() == project.digest()


@pytest.mark.slow
@pytest.mark.parametrize(
    "pattern", ["tables/*/*.aside", "raw/*/*.aside", "*.duckdb.*.aside", "published.json.*"]
)
def test_a_kill_in_the_middle_of_a_write_converges(built: Project, project: Project, pattern: str) -> None:
    """A file that is half written is aside, and nobody takes it for the real one."""
    kill_when(project, lambda: _any(project.warehouse, pattern))
    assert_whole(project)
    project.run()
    assert built.digest() == project.digest()
    assert 0 == project.verify().returncode


def _any(folder: Path, pattern: str) -> bool:
    return next(folder.glob(pattern), None) is not None
