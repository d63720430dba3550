"""Runs the whole pipeline in this process: the instance, the boundary, the run and its manifest."""

from __future__ import annotations

import contextlib
import platform
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
from dagster._core.errors import DagsterAssetCheckFailedError  # not exported

from assets.folders import Folders
from assets.inputs import settings_path
from assets.run_versions import PublishingFailed
from evidence.boundary import boundary
from evidence.errors import InputError
from pipelines.definitions import defs
from pipelines.history import quick_history
from pipelines.jobs import EVERYTHING
from pipelines.reaping import reap
from pipelines.runs import RunRecord

INSTANCE_FILE = "dagster.yaml"
DAGSTER_FOLDER = Path(".dagster")
_SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class Blocked(Exception):
    """A check of severity error failed, so that nothing downstream was built."""


def run_everything(folders: Folders, listener: Callable[[Any], None]) -> None:
    """Materialise every asset; `listener` is called with each of Dagster's events.

    Raises Blocked when a blocking check fails, and whatever EvidenceError a stage raises: then nothing is
    published and the last version stays. After Blocked the folders show what the run had made, with the
    verdicts. The run's manifest is written in every case.
    """
    # A wrong folder is told before anything is built.
    settings_path(folders.incidents_path)
    for name, folder in (("--warehouse", folders.tables.root), ("--out", folders.out_path)):
        _refuse_file(name, folder)
    run_id = str(uuid.uuid4())
    try:
        _run(folders, run_id, listener)
    except DagsterAssetCheckFailedError as error:
        folders.look_into(run_id)
        raise Blocked(str(error)) from error
    except PublishingFailed as error:
        raise error.__cause__ or error from None


def _run(folders: Folders, run_id: str, listener: Callable[[Any], None]) -> None:
    own = [folders.tables.root, folders.out_path, DAGSTER_FOLDER]
    job = defs.resolve_job_def(EVERYTHING)
    # Arrow's own pool keeps what is freed, tens of megabytes of it; the system takes it back.
    pa.set_memory_pool(pa.system_memory_pool())
    # Python has `uname` tell it, once a process: the manifest and the interpreter of Rego ask within.
    platform.platform()
    with (
        boundary(*own),
        quick_history(),
        instance_of_folder() as instance,
        RunRecord(folders, run_id),
    ):
        reap(instance)
        instance.add_event_listener(run_id, listener)
        job.execute_in_process(
            instance=instance, run_id=run_id, resources={"folders": folders}, run_config=_SILENT
        )


def _refuse_file(name: str, folder: Path) -> None:
    """Raises InputError where something that is no folder stands in the way of writing into `folder`."""
    for place in (folder, *folder.parents):
        if place.exists() and not place.is_dir():
            raise InputError(f"{name} {folder}: {place} is no folder", remedy="Name a folder to write into")


@contextlib.contextmanager
def instance_of_folder() -> Iterator[dg.DagsterInstance]:
    """Dagster's instance: that of the current folder if it has a dagster.yaml, as `dagster dev` has it."""
    if not Path(INSTANCE_FILE).exists():
        with dg.DagsterInstance.ephemeral() as instance:
            yield instance
        return
    DAGSTER_FOLDER.mkdir(exist_ok=True)
    with dg.DagsterInstance.from_config(str(Path.cwd())) as instance:
        yield instance
