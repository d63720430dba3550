"""Marks runs as failed whose process is dead: a killed worker leaves its run started for ever."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg

_UNFINISHED = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def reap(instance: dg.DagsterInstance) -> list[str]:
    """Fail every unfinished run whose process no longer runs, free its slots, and return their ids.

    Only where runs are processes of this machine: what another launcher has begun elsewhere is not judged.
    """
    if not isinstance(instance.run_launcher, dg.DefaultRunLauncher):
        return []
    records = instance.get_run_records(dg.RunsFilter(statuses=_UNFINISHED))
    dead = [record.dagster_run for record in records if not _is_alive(instance, record.dagster_run.run_id)]
    for run in dead:
        instance.report_run_failed(run, message="The process of this run is gone: it was killed.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return [run.run_id for run in dead]


def _is_alive(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether the run's process still runs. A run that has not begun is as alive as what has launched it."""
    # The beginning is one event of thousands: a run at work is asked after every half a minute.
    writers = _writers(instance, run_id, dg.DagsterEventType.RUN_START) or _writers(instance, run_id)
    return not writers or any(_is_running(pid, written_at) for pid, written_at in writers)


def _writers(
    instance: dg.DagsterInstance, run_id: str, of_type: dg.DagsterEventType | None = None
) -> list[tuple[int, float]]:
    """The processes that wrote the run's events, each with the second of the epoch at which it did."""
    entries = instance.all_logs(run_id, of_type=of_type)
    events = [(entry.dagster_event, entry.timestamp) for entry in entries]
    return [(event.pid, written_at) for event, written_at in events if event and event.pid]


def _is_running(pid: int, written_at: float) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    started = Path(f"/proc/{pid}")
    # A process that is younger than what the run wrote has only inherited the number.
    return not started.exists() or started.stat().st_mtime <= written_at
