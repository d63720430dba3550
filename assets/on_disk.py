"""Owns what lies on disk for the assets that are no tables: version and facts of playbooks and incidents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg
from dagster import MetadataValue

from assets.folders import Folders
from evidence.anchors import sha256_of

Facts = Mapping[str, MetadataValue | str | int]


@dataclass(frozen=True, slots=True)
class OnDisk:
    """An asset as it lies there now: its data version, and what is shown beside it."""

    version: str
    facts: Facts

    def result(self) -> dg.MaterializeResult[None]:
        """What a run reports that has looked at it."""
        return dg.MaterializeResult(data_version=dg.DataVersion(self.version), metadata=self.facts)


def active_playbook(folders: Folders) -> OnDisk:
    """The active bundle; its version is its digest. Raises PlaybookError where it does not load."""
    from assets.playbooks import active_bundle

    bundle = active_bundle(folders)
    facts: Facts = {
        "name": bundle.name,
        "rules": len(bundle.rules),
        "actions": len(bundle.actions),
        "detections": len(bundle.detections.signalling.reporting()) if bundle.detections else 0,
        "digest": bundle.digest,
    }
    return OnDisk(bundle.digest, facts)


def playbook_versions(folders: Folders) -> OnDisk:
    """Every version that compiles, and why the others do not; the version is that of their digests."""
    from assets.playbooks import bundle_versions

    versions = bundle_versions(folders)
    lines = [f"{bundle.name} {bundle.digest}" for bundle in versions.bundles]
    facts: Facts = {
        "versions": MetadataValue.md("\n".join(f"- `{line}`" for line in lines) or "none"),
        "refused": MetadataValue.json(dict(versions.refused)),
    }
    return OnDisk(sha256_of("\n".join(lines).encode()), facts)


def recorded_incidents(folders: Folders) -> OnDisk:
    """Every file that a run reads; the version is the digest of their contents. Raises InputError."""
    from assets.inputs import input_digest, input_files

    files = input_files(folders.incidents_path)
    facts: Facts = {"files": len(files), "folder": MetadataValue.path(str(folders.incidents_path))}
    return OnDisk(input_digest(files), facts)
