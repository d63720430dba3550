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

compare_playbooks = dg.define_asset_job(
    "compare_playbooks",
    selection=[dg.AssetKey(["replay", "comparisons"])],
    executor_def=dg.in_process_executor,
    description="Holds one playbook against another on all recorded history: configure baseline and "
    "candidate, each a version's name, a folder or git:REF. The comparison stands in the asset's metadata.",
)

every_monday = dg.build_schedule_from_partitioned_job(
    materialise_everything,
    name="every_monday",
    hour_of_day=6,
    description="Mondays 06:00 UTC: everything is brought up to date and the week just ended is published.",
)
