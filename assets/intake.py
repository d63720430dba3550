"""The intake stage as assets: the recorded incidents on disk, and the tables that say what is in them."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from assets import on_disk
from assets.folders import Folders
from assets.lineage import INCIDENTS
from assets.specs import OWNERS, key_of, publish, specs_of, tables_of


@dg.asset(
    key=key_of(INCIDENTS),
    group_name="intake",
    kinds={"file"},
    owners=[OWNERS["intake"]],
)
def recorded_incidents(folders: Folders) -> dg.MaterializeResult[None]:
    """One folder per recorded incident: its declaration and the tools' raw exports, beside the catalogue.

    Nothing is computed: the data version is the digest of the files, so that Dagster marks everything
    below as stale when one byte of them changes. The sensor `changed_incidents` reports that without a run.
    """
    return on_disk.recorded_incidents(folders).result()


@dg.multi_asset(name="intake", specs=specs_of(tables_of("intake")))
def intake_tables(folders: Folders) -> Iterator[dg.MaterializeResult[None]]:
    """Reads every export, keeps its bytes and publishes what the records say and what was refused."""
    from assets.inputs import input_manifest, settings_path
    from evidence import intake
    from evidence.settings import load_settings
    from evidence.verify import INPUT_MANIFEST

    root = folders.incidents_path
    own = (folders.tables.root, folders.out_path)
    with folders.tables.keeping() as keep_bytes:
        tables = intake.build(root, load_settings(settings_path(root)), keep_bytes, own)
    folders.tables.put_beside(INPUT_MANIFEST, input_manifest(root, tables))
    yield from publish(folders, tables)


ASSETS = [recorded_incidents, intake_tables]
