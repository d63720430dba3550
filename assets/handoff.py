"""The handoff stage as assets: packages ready for a ticket, and every claim in them with its anchor."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from assets.folders import Folders
from assets.lineage import UPSTREAM, inputs_of
from assets.specs import publish, specs_of, tables_of, with_metadata
from evidence.anchors import manifest_bytes, sha256_of

if TYPE_CHECKING:
    from evidence.warehouse import Published

PACKAGES = "handoff.packages"


@dg.multi_asset(name="handoff", specs=specs_of(tables_of("handoff")))
def handoff_tables(folders: Folders) -> Iterator[dg.MaterializeResult[None]]:
    """Writes a package per incident as JSON, Markdown and HTML, and publishes what is claimed in them.

    The gravest is shown whole in the metadata of `handoff.packages`.
    """
    from assets.inputs import settings_path
    from assets.playbooks import active_bundle
    from evidence import handoff
    from evidence.settings import load_settings
    from evidence.verify import HANDOFF_INPUTS, HANDOFF_MANIFEST

    settings = load_settings(settings_path(folders.incidents_path))
    bundle = active_bundle(folders)
    read = input_digests(folders.tables.published())
    with folders.reading(inputs_of(tables_of("handoff"))) as connection:
        handoffs = handoff.build(connection, bundle, settings)
    folders.tables.put_packages(folders.out_path, handoffs.files)
    folders.tables.put_beside(HANDOFF_INPUTS, read)
    folders.tables.put_beside(HANDOFF_MANIFEST, handoff_manifest(handoffs.files))
    package = handoffs.gravest
    shown = {"package": dg.MetadataValue.md(handoff.metadata_markdown(package))} if package else {}
    yield from with_metadata(publish(folders, handoffs.tables), PACKAGES, shown)


def input_digests(published: Mapping[str, Published]) -> bytes:
    """The digests of the tables that the packages are written from, as `evidence verify` reads them."""
    names = sorted({*UPSTREAM["handoff.claims"], *UPSTREAM["handoff.packages"]} & set(published))
    digests = {name: published[name].digest for name in names if not name.startswith("handoff.")}
    return (json.dumps(digests, indent=2) + "\n").encode()


def handoff_manifest(files: Mapping[str, bytes]) -> bytes:
    """What `evidence verify` holds the written files to: path below `out`, its incident, its SHA-256."""
    return manifest_bytes({name: (Path(name).stem, sha256_of(content)) for name, content in files.items()})


ASSETS = [handoff_tables]
