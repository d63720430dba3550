"""A kill at any moment leaves the last published version whole, and the next run converges."""

from __future__ import annotations

import shutil
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
        process.kill()  # nothing where it has ended
        process.communicate()


def is_made(project: Project, table: str) -> bool:
    """Whether the run has come as far as this table, which is in its draft."""
    changes = next(project.warehouse.glob("drafts/*/changes.json"), None)
    return changes is not None and f'"{table}": ' in changes.read_text()


def what_readers_see(project: Project) -> dict[str, bytes]:
    """Everything of the version: the list of tables, catalogue, manifests, and the packages."""
    beside = [path for path in project.warehouse.glob("*.*") if path.name != ".publish.lock"]
    packages = (project.folder / "out" / "handoffs").glob("*")
    return {path.name: path.read_bytes() for path in (*beside, *packages)}


def assert_whole(project: Project) -> None:
    """Every published table can be read, by its files and by the catalogue."""
    warehouse = Warehouse(project.warehouse)
    for name, entry in warehouse.published().items():
        assert entry.row_count == sum(
            pq.read_metadata(path).num_rows for path in warehouse.paths_of(entry)
        ), name
    if warehouse.catalogue.exists():
        project.tables()


@pytest.mark.slow
def test_a_killed_first_run_converges(built: Project, project: Project) -> None:
    """Killed when enrichment is made: nothing is published, and the next run ends where others end.

    So it does with another hash seed, time zone, locale and thread count, and with neither clone nor history.
    """
    kill_when(project, lambda: is_made(project, "enrichment.incident_states"))
    assert {} == what_readers_see(project)
    environment = {"PYTHONHASHSEED": "4711", "TZ": "Pacific/Chatham", "LC_ALL": "C", "PYTHONUTF8": "0"}
    project.run("--threads", "1", environment=environment)
    assert built.digest() == project.digest()
    assert 0 == project.verify().returncode
    assert ["out", "warehouse"] == sorted(path.name for path in project.folder.iterdir())


@pytest.mark.parametrize(
    "table", [pytest.param("decision.decisions", marks=pytest.mark.slow), "handoff.packages"]
)
def test_a_killed_later_run_leaves_the_last_version(copied: Project, table: str) -> None:
    """Killed between two stages while an incident goes: tables, catalogue and packages are all of one run."""
    before, rows = what_readers_see(copied), copied.tables()
    gone = sorted(path.parent for path in copied.incidents.rglob("incident.yaml"))[-1]
    shutil.rmtree(gone)
    kill_when(copied, lambda: is_made(copied, table))
    assert is_made(copied, table)
    assert before == what_readers_see(copied)
    assert rows == copied.tables()


@pytest.mark.slow
@pytest.mark.parametrize("table", STAGES)
def test_a_kill_after_each_stage_converges(built: Project, project: Project, table: str) -> None:
    """Wherever the run was killed, the next one ends with the same digests and clears what was left."""
    kill_when(project, lambda: is_made(project, table))
    assert_whole(project)
    project.run()
    assert built.digest() == project.digest()
    assert not (project.warehouse / "drafts").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "pattern",
    ["tables/*/*.aside", "raw/*/*.aside", "drafts/*/*.aside", "*.duckdb.*.aside", "published.json.*"],
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
