"""What `dagster dev` loads: every asset, check, job, schedule and sensor, wired to the folders."""

from __future__ import annotations

import dagster as dg

from assets import checks, decision, enrichment, handoff, intake, kpis, quality, replay, reports
from assets.code_references import with_code_references
from pipelines.jobs import compare_playbooks, every_monday, materialise_everything
from pipelines.resources import folders_of_environment
from pipelines.sensors import changed_incidents, edited_playbooks, killed_runs, new_incidents

STAGES = (intake, quality, enrichment, decision, handoff, replay, kpis, reports)

defs = dg.Definitions(
    assets=with_code_references([asset for stage in STAGES for asset in stage.ASSETS]),
    asset_checks=checks.CHECKS,
    jobs=[materialise_everything, compare_playbooks],
    schedules=[every_monday],
    sensors=[new_incidents, killed_runs, edited_playbooks, changed_incidents],
    resources={"folders": folders_of_environment()},
    executor=dg.in_process_executor,
)
