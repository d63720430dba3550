"""Owns how the tests ask whether an asset is stale, as the graph does."""

from __future__ import annotations

import dagster as dg
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from pipelines.definitions import defs


def status(instance: dg.DagsterInstance, key: dg.AssetKey) -> StaleStatus:
    """What the badge on the graph says."""
    resolver = CachingStaleStatusResolver(
        instance=instance,
        asset_graph=defs.resolve_asset_graph(),
        loading_context=LoadingContextForTest(instance),
    )
    return resolver.get_status(key)
