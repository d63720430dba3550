"""Owns what `dagster dev` watches: the incidents folder for new incidents, the runs for killed ones."""

from __future__ import annotations

import dagster as dg

from assets.arrivals import DECLARATION, Looks
from assets.folders import Folders
from evidence.anchors import sha256_of
from evidence.errors import EvidenceError
from evidence.intake.incident_file import load_incident
from pipelines.jobs import materialise_everything
from pipelines.reaping import reap


@dg.sensor(job=materialise_everything, minimum_interval_seconds=30)
def new_incidents(context: dg.SensorEvaluationContext, folders: Folders) -> dg.SensorResult | dg.SkipReason:
    """Asks for one run when folders are there whose files no longer change and whose declaration reads.

    A folder that is still being written, or whose `incident.yaml` does not read, is looked at again
    at the next tick; the reason is shown.
    """
    ready, looks = Looks.from_cursor(context.cursor).look(folders.incidents_path)
    readable, faults = [], []
    for name in ready:
        try:
            load_incident(folders.incidents_path / name / DECLARATION)
        except EvidenceError as error:
            faults.append(str(error))
        else:
            readable.append(name)
    settled = looks.with_settled(tuple(readable))
    if not readable:
        return dg.SensorResult(skip_reason="; ".join(faults) or "no new incident", cursor=settled.cursor())
    marks = [settled.seen[name] for name in readable]
    return dg.SensorResult(
        run_requests=[
            dg.RunRequest(run_key=sha256_of("".join(marks).encode()), tags={"incidents": ", ".join(readable)})
        ],
        cursor=settled.cursor(),
    )


@dg.sensor(default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=30)
def killed_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Marks runs as failed whose process was killed: each would hold the queue, which lets one run at a time.

    On from the start, unlike the others: it begins nothing, and nobody who waits knows to turn it on.
    """
    failed = reap(context.instance)
    return dg.SkipReason(f"marked as failed: {', '.join(failed)}" if failed else "no run was killed")
