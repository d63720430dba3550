"""A run in this process is held by its boundary and recorded in the folder's history."""

from __future__ import annotations

import gc
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.folders import Folders
from evidence.errors import BoundaryError, InputError
from pipelines.execution import Blocked, instance_of_folder, run_everything

ROOT = Path(__file__).parents[2]
SILENT = """\
id: inc-0001-silent
title: nobody kept anything
type: rollout
window: {from: 2026-01-14T09:00:00Z, to: 2026-01-14T12:00:00Z}
recorded: {}
"""


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    """The folders of a run in an empty current folder with Dagster's configuration."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "dagster.yaml", tmp_path)
    return Folders(incidents=str(ROOT / "fixtures"), playbooks=str(ROOT / "playbooks"))


def history() -> list[dg.DagsterRun]:
    """The runs that `dagster dev` would show in the current folder."""
    with instance_of_folder() as instance:
        return list(instance.get_runs())


def ignore(entry: Any) -> None:
    """A listener that does nothing."""


def once(attempt: Callable[[], object]) -> Callable[[Any], None]:
    """A listener that makes the attempt in the middle of the run."""

    def listen(entry: Any) -> None:
        if entry.dagster_event and entry.dagster_event.is_step_start:
            attempt()

    return listen


ATTEMPTS: dict[str, Callable[[], object]] = {
    "network": lambda: socket.getaddrinfo("localhost", 80),
    "process": lambda: subprocess.run(["true"], check=False),
    "write": lambda: os.mkdir(ROOT / "out-of-bounds"),  # noqa: PTH102  # as a library would
}


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS.keys())
def test_the_boundary_holds_during_a_run(folders: Folders, attempt: Callable[[], object]) -> None:
    """Whatever part of a run tries to leave, the run ends with the refusal, and its manifest says so."""
    with pytest.raises(BoundaryError):
        run_everything(folders, once(attempt))
    manifest = json.loads(Path("warehouse/runs/000001.json").read_text())
    assert "failed" == manifest["outcome"]
    assert "the run tried to" in manifest["problem"]


def test_the_boundary_ends_with_the_run(folders: Folders) -> None:
    """After a run, also a failed one, the process is free again and collects garbage as it did."""
    before = gc.get_threshold()
    with pytest.raises(BoundaryError):
        run_everything(folders, once(ATTEMPTS["network"]))
    assert socket.getaddrinfo("localhost", 80)
    assert before == gc.get_threshold()


def test_a_blocked_run_is_a_failed_run_in_the_history(folders: Folders, tmp_path: Path) -> None:
    """The blocking check is told by name, and `dagster dev` shows the run as failed."""
    (tmp_path / "incidents" / "inc-0001-silent").mkdir(parents=True)
    (tmp_path / "incidents" / "inc-0001-silent" / "incident.yaml").write_text(SILENT)
    (tmp_path / "incidents" / "inc-0001-silent" / "falco.jsonl").write_text("no record\n")
    shutil.copytree(ROOT / "fixtures" / "catalog", tmp_path / "catalog")
    shutil.copy(ROOT / "fixtures" / "settings.yaml", tmp_path)
    blocked = Folders(incidents="incidents", playbooks=folders.playbooks)
    with pytest.raises(Blocked, match="keeps_its_contract"):
        run_everything(blocked, ignore)
    assert [dg.DagsterRunStatus.FAILURE] == [run.status for run in history()]


def test_a_wrong_folder_leaves_no_trace(folders: Folders, tmp_path: Path) -> None:
    """What is wrong with the call is told before a run begins."""
    with pytest.raises(InputError):
        run_everything(Folders(incidents="nowhere"), ignore)
    assert ["dagster.yaml"] == [path.name for path in tmp_path.iterdir()]


def test_a_killed_run_is_reaped_by_the_next(folders: Folders) -> None:
    """A run that a dead process left started is failed as soon as anybody runs again."""
    with instance_of_folder() as instance:
        left = instance.create_run_for_job(_nothing, status=dg.DagsterRunStatus.STARTED)
        instance.handle_new_event(_begun(left, pid=2**22 + 1))
    with pytest.raises(BoundaryError):
        run_everything(folders, once(ATTEMPTS["network"]))
    statuses = {run.run_id: run.status for run in history()}
    assert dg.DagsterRunStatus.FAILURE is statuses[left.run_id]


def test_without_configuration_nothing_is_kept(folders: Folders, tmp_path: Path) -> None:
    """Outside the project's folder the history is in memory: no folder of Dagster's appears."""
    (tmp_path / "dagster.yaml").unlink()
    with instance_of_folder() as instance:
        assert instance.is_ephemeral
    assert [] == list(tmp_path.iterdir())


def _begun(run: dg.DagsterRun, pid: int) -> dg.EventLogEntry:
    """The event with which the process `pid` began the run; no process has a number so high."""
    event = dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, job_name=run.job_name, pid=pid)
    return dg.EventLogEntry(
        error_info=None, level=20, user_message="", run_id=run.run_id, timestamp=2e9, dagster_event=event
    )


@dg.job
def _nothing() -> None:
    pass


@pytest.mark.parametrize("name", ["out", "warehouse"])
def test_a_file_in_the_way_is_told_before_anything_is_built(
    folders: Folders, tmp_path: Path, name: str
) -> None:
    """Neither a file where the folder should be nor one above it costs a whole run."""
    (tmp_path / "notes.md").write_text("mine")
    for place in ("notes.md", "notes.md/below"):
        with pytest.raises(InputError, match=rf"--{name} .*notes\.md is no folder"):
            run_everything(folders.model_copy(update={name: str(tmp_path / place)}), ignore)
    assert [] == history()
