"""Owns what `dagster dev` watches: new and changed incidents, edited playbooks, runs that were killed."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from assets import on_disk
from assets.arrivals import DECLARATION, Looks
from assets.dagster_records import recorded_version, renewed
from assets.folders import Folders
from assets.lineage import INCIDENTS, PLAYBOOK, VERSIONS
from assets.on_disk import OnDisk
from evidence.anchors import sha256_of
from evidence.errors import EvidenceError, PlaybookError
from pipelines.jobs import materialise_everything
from pipelines.reaping import reap

REFUSED = "does not load"
HASHED_FILES_MAX, HASHED_BYTES_MAX = 20_000, 2 * 1024**3  # what is read well within the minute of a tick


@dg.sensor(job=materialise_everything, minimum_interval_seconds=30)
def new_incidents(context: dg.SensorEvaluationContext, folders: Folders) -> dg.SensorResult | dg.SkipReason:
    """Asks for one run when folders are there whose files no longer change and whose declaration reads.

    A run reads every folder. While one is still being written, or its `incident.yaml` does not read,
    none is asked for: all are looked at again at the next tick, and the reason is shown.
    """
    from evidence.intake.incident_file import load_incident

    ready, looks = Looks.from_cursor(context.cursor).look(folders.incidents_path)
    faults = []
    for name in ready:
        try:
            load_incident(folders.incidents_path / name / DECLARATION)
        except EvidenceError as error:
            faults.append(str(error))
    if faults or not ready:
        return dg.SensorResult(skip_reason="; ".join(faults) or "no new incident", cursor=looks.cursor())
    marks = "".join(looks.seen[name] for name in ready)
    request = dg.RunRequest(run_key=sha256_of(marks.encode()), tags={"incidents": ", ".join(ready)})
    return dg.SensorResult(run_requests=[request], cursor=looks.with_settled(ready).cursor())


@dg.sensor(default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=30)
def killed_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Marks runs as failed whose process was killed: each would hold the queue, which lets one run at a time.

    On from the start, unlike the others: it begins nothing, and nobody who waits knows to turn it on.
    """
    failed = reap(context.instance)
    return dg.SkipReason(f"marked as failed: {', '.join(failed)}" if failed else "no run was killed")


@dg.sensor(default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=10)
def edited_playbooks(context: dg.SensorEvaluationContext, folders: Folders) -> dg.SensorResult:
    """Shows what an edit of a playbook has made stale, as soon as the file is saved.

    On from the start: it begins no run. An active playbook that does not load is shown as well: the
    decisions below it are those of another one.
    """
    found = {PLAYBOOK: _playbook_or_refusal(folders), VERSIONS: on_disk.playbook_versions(folders)}
    return _shown(context.instance, found, "no playbook has changed")


def _playbook_or_refusal(folders: Folders) -> OnDisk:
    try:
        return on_disk.active_playbook(folders)
    except PlaybookError as error:
        return OnDisk(REFUSED, {"refused": str(error)})


@dg.sensor(default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=20)
def changed_incidents(
    context: dg.SensorEvaluationContext, folders: Folders
) -> dg.SensorResult | dg.SkipReason:
    """Shows what changed files of recorded incidents have made stale, as soon as they change no more.

    On from the start: it begins no run. Files are read when two looks in a row see the same names, sizes
    and times of change, and then once; more than can be read within a tick are left to a run.
    """
    from assets.inputs import input_mark

    try:
        mark = input_mark(folders.incidents_path)
        if mark.file_count > HASHED_FILES_MAX or mark.byte_count > HASHED_BYTES_MAX:
            return dg.SkipReason(
                f"{mark.file_count} files of {mark.byte_count} bytes are too many to be read at each change: "
                "materialise recorded_incidents to see what is stale"
            )
        look = f"{mark.text} {recorded_version(context.instance, INCIDENTS)}"
        if context.cursor == f"read {look}":
            return dg.SkipReason("no file has changed")
        if context.cursor != f"seen {look}":
            return dg.SensorResult(skip_reason="files have changed; looked at again", cursor=f"seen {look}")
        found = {INCIDENTS: on_disk.recorded_incidents(folders)}
    except EvidenceError as error:
        return dg.SkipReason(str(error))
    return _shown(context.instance, found, "no file has changed", cursor=f"read {look}")


def _shown(
    instance: dg.DagsterInstance, found: Mapping[str, OnDisk], otherwise: str, cursor: str | None = None
) -> dg.SensorResult:
    """A record for each asset that is no longer as Dagster believes, and which they are."""
    events = [event for name, each in found.items() if (event := renewed(instance, name, each))]
    changed = ", ".join(event.asset_key.to_user_string() for event in events)
    return dg.SensorResult(
        asset_events=events, skip_reason=f"changed: {changed}" if changed else otherwise, cursor=cursor
    )
