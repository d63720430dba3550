"""The jobs and their schedule: everything at once, and every Monday the week that has ended."""

from __future__ import annotations

import dagster as dg

EVERYTHING = "materialise_everything"

materialise_everything = dg.define_asset_job(
    EVERYTHING,
    selection=dg.AssetSelection.all(),
    executor_def=dg.in_process_executor,
    description="Every table from the recorded incidents, with the KPI weeks that the partition range names.",
)

every_monday = dg.build_schedule_from_partitioned_job(
    materialise_everything,
    name="every_monday",
    hour_of_day=6,
    description="Mondays 06:00 UTC: everything is brought up to date and the week just ended is published.",
)
