"""Owns what Dagster believes of each table: that its version is the one that a reader or a run finds."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from assets.specs import key_of
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
