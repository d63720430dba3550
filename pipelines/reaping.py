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
    """Fail every unfinished run whose process no longer runs, free its slots, and return their ids."""
    records = instance.get_run_records(dg.RunsFilter(statuses=_UNFINISHED))
    dead = [record.dagster_run for record in records if not _is_alive(instance, record.dagster_run.run_id)]
    for run in dead:
        instance.report_run_failed(run, message="The process of this run is gone: it was killed.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return [run.run_id for run in dead]


def _is_alive(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether the run's process still runs. A run that has not begun is as alive as what has launched it."""
    events = [
        (event, entry.timestamp) for entry in instance.all_logs(run_id) if (event := entry.dagster_event)
    ]
    begun = [(event, at) for event, at in events if event.event_type is dg.DagsterEventType.RUN_START]
    writers = [(event.pid, at) for event, at in begun or events if event.pid]
    return not writers or any(_is_running(pid, written_at) for pid, written_at in writers)


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
