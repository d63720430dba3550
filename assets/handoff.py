"""The handoff stage as assets: packages ready for a ticket, and every claim in them with its anchor."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import dagster as dg

from assets.folders import Folders
from assets.inputs import settings_path
from assets.lineage import UPSTREAM, inputs_of
from assets.playbooks import active_bundle
from assets.specs import publish, specs_of, tables_of
from evidence import handoff
from evidence.anchors import manifest_bytes, sha256_of
from evidence.settings import load_settings
from evidence.verify import HANDOFF_INPUTS, HANDOFF_MANIFEST
from evidence.warehouse import Published, write_atomically

FOLDER = "handoffs"


@dg.multi_asset(name="handoff", specs=specs_of(tables_of("handoff")))
def handoff_tables(folders: Folders) -> Iterator[dg.MaterializeResult[None]]:
    """Writes a package per incident as JSON, Markdown and HTML, and publishes what is claimed in them."""
    settings = load_settings(settings_path(folders.incidents_path))
    bundle = active_bundle(folders)
    read = input_digests(folders.tables.published())
    with folders.reading(inputs_of(tables_of("handoff"))) as connection:
        handoffs = handoff.build(connection, bundle, settings)
    replace_files(folders.out_path, handoffs.files)
    yield from publish(folders, handoffs.tables)
    write_atomically(folders.tables.root / HANDOFF_INPUTS, read)
    write_atomically(folders.tables.root / HANDOFF_MANIFEST, handoff_manifest(handoffs.files))


def input_digests(published: Mapping[str, Published]) -> bytes:
    """The digests of the tables that the packages are written from, as `evidence verify` reads them."""
    names = sorted({*UPSTREAM["handoff.claims"], *UPSTREAM["handoff.packages"]} & set(published))
    digests = {name: published[name].digest for name in names if not name.startswith("handoff.")}
    return (json.dumps(digests, indent=2) + "\n").encode()


def replace_files(out: Path, files: Mapping[str, bytes]) -> None:
    """Make `out/handoffs` hold exactly these files; one that already says the same is left alone."""
    kept = {out / name for name in files}
    for name, content in sorted(files.items()):
        path = out / name
        if not path.exists() or path.read_bytes() != content:
            write_atomically(path, content)
    for path in sorted(set((out / FOLDER).glob("*")) - kept):
        path.unlink()


def handoff_manifest(files: Mapping[str, bytes]) -> bytes:
    """What `evidence verify` holds the written files to: path below `out`, its incident, its SHA-256."""
    return manifest_bytes({name: (Path(name).stem, sha256_of(content)) for name, content in files.items()})


ASSETS = [handoff_tables]
