"""Owns what Dagster believes of each asset: that its version is the one that a reader or a run finds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import dagster as dg

from assets.specs import key_of

if TYPE_CHECKING:
    from assets.on_disk import OnDisk
    from evidence.warehouse import Published

VERSION_TAG = "dagster/data_version"
RECORDS_MAX = 100  # versions back that are looked at for the record of a table's own materialisation


def believe(instance: dg.DagsterInstance, entries: Mapping[str, Published]) -> None:
    """Make Dagster's latest record of each table that of these entries, by reporting it once more.

    The steps of a run that fails are recorded as they end. Without this the graph would show as up to date
    what nobody can read, and what is made from it next would be noted as made from that.
    """
    for name, entry in sorted(entries.items()):
        records = instance.fetch_materializations(key_of(name), limit=RECORDS_MAX).records
        made = [record.asset_materialization for record in records if record.asset_materialization]
        # Tables in week partitions are recorded week by week, and nothing is made from them.
        if made and made[0].partition is None and _version(made[0]) != entry.digest:
            own = (each for each in made if _version(each) == entry.digest)
            instance.report_runless_asset_event(next(own, _bare(name, entry)))


def _version(made: dg.AssetMaterialization) -> str | None:
    return (made.tags or {}).get(VERSION_TAG)


def _bare(name: str, entry: Published) -> dg.AssetMaterialization:
    """What another history has recorded: the version is known, what it was made from is not."""
    return dg.AssetMaterialization(
        key_of(name),
        metadata={"dagster/row_count": entry.row_count, "digest": entry.digest},
        tags={VERSION_TAG: entry.digest},
    )


def recorded_version(instance: dg.DagsterInstance, name: str) -> str | None:
    """The data version of the asset's latest record; None where no run has made it yet."""
    made = _latest(instance, name)
    return _version(made) if made else None


def renewed(instance: dg.DagsterInstance, name: str, found: OnDisk) -> dg.AssetMaterialization | None:
    """The record that makes Dagster see the asset as it lies on disk; None where it does already.

    Dagster compares what a table was made from with the latest record of that, and looks at no file itself.
    Where no run has made the asset nothing rests on it, and there is nothing to renew.
    """
    made = _latest(instance, name)
    if made is None or _version(made) == found.version:
        return None
    return dg.AssetMaterialization(
        key_of(name),
        description="Not made by a run: what lies on disk has changed.",
        metadata=found.facts,
        tags={**(made.tags or {}), VERSION_TAG: found.version},
    )


def _latest(instance: dg.DagsterInstance, name: str) -> dg.AssetMaterialization | None:
    entry = instance.get_latest_materialization_event(key_of(name))
    return entry.asset_materialization if entry else None
