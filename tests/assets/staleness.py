"""Owns how the tests ask whether an asset is stale, as the graph does, and how a sensor ticks."""

from __future__ import annotations

import dagster as dg
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.definitions.sensor_definition import SensorExecutionData
from dagster._core.loader import LoadingContextForTest

from assets.folders import Folders
from pipelines.definitions import defs


def status(instance: dg.DagsterInstance, key: dg.AssetKey) -> StaleStatus:
    """What the badge on the graph says."""
    resolver = CachingStaleStatusResolver(
        instance=instance,
        asset_graph=defs.resolve_asset_graph(),
        loading_context=LoadingContextForTest(instance),
    )
    return resolver.get_status(key)


def tick(
    instance: dg.DagsterInstance, folders: Folders, sensor: str, cursor: str | None = None
) -> SensorExecutionData:
    """One tick of a sensor; what it reports of assets is kept, as the daemon does."""
    given = Folders(**folders.model_dump())  # Dagster would give a copy what its original was made with
    with dg.build_sensor_context(
        instance=instance, cursor=cursor, resources={"folders": given}, definitions=defs
    ) as context:
        made = defs.resolve_sensor_def(sensor).evaluate_tick(context)
    for event in made.asset_events:
        instance.report_runless_asset_event(event)
    return made
