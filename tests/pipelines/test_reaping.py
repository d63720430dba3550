"""Runs whose process was killed are marked as failed, at a start and by a sensor; others are left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from pipelines.definitions import defs
from pipelines.reaping import reap

# A job that says when its step runs and then waits for ever.
WAITING = """
import sys, threading
import dagster as dg

@dg.op
def wait():
    sys.stdout.write("waiting\\n")
    sys.stdout.flush()
    threading.Event().wait(120)

@dg.job(executor_def=dg.in_process_executor)
def waiting():
    wait()

with dg.DagsterInstance.from_config(sys.argv[1]) as instance:
    waiting.execute_in_process(instance=instance)
"""
CONFIG = (Path(__file__).parents[2] / "dagster.yaml").read_text()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the project's dagster.yaml as current folder."""
    (tmp_path / "dagster.yaml").write_text(CONFIG)
    (tmp_path / ".dagster").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def start(folder: Path) -> subprocess.Popen[str]:
    """A process in the middle of a run."""
    process = subprocess.Popen(
        [sys.executable, "-c", WAITING, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=folder,
    )
    assert process.stdout is not None
    assert "waiting\n" == process.stdout.readline()
    return process


def end(process: subprocess.Popen[str]) -> None:
    """Kill as an impatient operator does."""
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def test_a_killed_run_is_marked_as_failed(folder: Path) -> None:
    """The run is still started after the kill, and failed after reaping."""
    end(start(folder))
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        (run,) = instance.get_runs()
        assert dg.DagsterRunStatus.STARTED is run.status
        assert [run.run_id] == reap(instance)
        after = instance.get_run_by_id(run.run_id)
        assert after is not None
        assert dg.DagsterRunStatus.FAILURE is after.status
        assert [] == reap(instance)


@pytest.mark.slow
def test_the_sensor_of_dagster_dev_reaps(folder: Path) -> None:
    """At each tick, and says what it did."""
    end(start(folder))
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        [run] = instance.get_runs()
        said = [_tick(instance) for _ in range(2)]
    assert [f"marked as failed: {run.run_id}", "no run was killed"] == said


def _tick(instance: dg.DagsterInstance) -> str | None:
    sensor = defs.resolve_sensor_def("killed_runs")
    with dg.build_sensor_context(instance=instance, sensor_name=sensor.name) as context:
        return sensor.evaluate_tick(context).skip_message


def test_a_living_run_is_left_alone(folder: Path) -> None:
    """Another process at work in the same folder is not disturbed."""
    process = start(folder)
    try:
        with dg.DagsterInstance.from_config(str(folder)) as instance:
            assert [] == reap(instance)
            assert [dg.DagsterRunStatus.STARTED] == [run.status for run in instance.get_runs()]
    finally:
        end(process)


def test_a_number_that_another_process_took_over_is_dead(folder: Path) -> None:
    """A process that is younger than what the run wrote is not the run's."""
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        run = _begun_long_ago(instance)
        assert [run.run_id] == reap(instance)


def test_runs_of_another_launcher_are_not_judged() -> None:
    """Their processes are on other machines, where the same numbers mean something else."""
    with dg.DagsterInstance.ephemeral() as instance:
        assert not isinstance(instance.run_launcher, dg.DefaultRunLauncher)
        run = _begun_long_ago(instance)
        assert [] == reap(instance)
        assert [(run.run_id, dg.DagsterRunStatus.STARTED)] == [
            (each.run_id, each.status) for each in instance.get_runs()
        ]


def _begun_long_ago(instance: dg.DagsterInstance) -> dg.DagsterRun:
    """A run that a process of this one's number has begun before this process was there."""
    run = instance.create_run_for_job(_nothing, status=dg.DagsterRunStatus.STARTED)
    entry = dg.DagsterEvent(
        event_type_value=dg.DagsterEventType.RUN_START.value,
        job_name=run.job_name,
        pid=os.getpid(),
    )
    long_ago = 1_000_000.0
    instance.handle_new_event(
        dg.EventLogEntry(
            error_info=None,
            level=20,
            user_message="",
            run_id=run.run_id,
            timestamp=long_ago,
            dagster_event=entry,
        )
    )
    return run


@dg.job
def _nothing() -> None:
    pass
