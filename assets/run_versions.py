"""Owns the version that a run makes: begun with it, published in one swap when every step succeeded."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from assets.dagster_records import believe

if TYPE_CHECKING:
    from evidence.drafts import Draft

SUCCESS, SKIPPED, FAILURE = "SUCCESS", "SKIPPED", "FAILURE"


class PublishingFailed(dg.DagsterError):
    """A version could not be begun or published; the cause says why.

    An error of Dagster's own, because what else a resource raises at its end is a line in the log of a run
    that succeeds.
    """


@contextlib.contextmanager
def version_of(run: dg.DagsterRun, instance: dg.DagsterInstance, warehouse: Path) -> Iterator[Draft]:
    """The draft that a run reads and publishes in while it lasts.

    At the end it is committed if every step of the run has succeeded, and kept if not: a run that Dagster
    executes again, from its failure or from selected steps, goes on with it.
    """
    from evidence.drafts import Draft

    draft = Draft(warehouse, run.root_run_id or run.run_id)
    with contextlib.ExitStack() as stack:
        with _as_failure_of_the_run():
            stack.enter_context(draft.opened())
            if run.parent_run_id:
                believe(instance, draft.published())
        yield draft
        with _as_failure_of_the_run():
            _end(draft, run, instance)


def _end(draft: Draft, run: dg.DagsterRun, instance: dg.DagsterInstance) -> None:
    from evidence.warehouse import Warehouse

    statuses = {
        stats.step_key: stats.status.value if stats.status else ""
        for stats in instance.get_run_step_stats(run.run_id)
    }
    if all(statuses.get(step) in (SUCCESS, SKIPPED) for step in _steps(run, instance)):
        draft.commit()
    elif FAILURE in statuses.values():
        draft.show_as_failed()
        believe(instance, Warehouse(draft.root).published())


def _steps(run: dg.DagsterRun, instance: dg.DagsterInstance) -> list[str]:
    """Every step that the run is to execute, whichever process is at work on it."""
    assert run.execution_plan_snapshot_id, f"run {run.run_id} has no plan"
    return list(instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id).step_keys_to_execute)


@contextlib.contextmanager
def _as_failure_of_the_run() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise PublishingFailed(str(error)) from error
