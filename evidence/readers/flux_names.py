"""Owns the names that Flux gives: its kinds, its revisions, and the workloads of an inventory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from evidence.readers import fields
from evidence.readers.contract import Event, Json
from evidence.readers.kubernetes_names import WORKLOAD_KINDS

GROUP = ".toolkit.fluxcd.io/"
APPLIERS = frozenset({"Kustomization", "HelmRelease"})
SOURCES = frozenset({"Bucket", "GitRepository", "HelmChart", "OCIRepository"})
# Labels by which a Flux object says which service it deploys (Backstage's plug-in for Flux reads the first).
SERVICE_LABELS = ("backstage.io/kubernetes-id", "app.kubernetes.io/name", "app.kubernetes.io/part-of")
_GIT = re.compile(r"(?:(?:refs/heads/)?([^@]+)[@/])?(?:sha1:)?([0-9a-f]{40})")


def revision_fields(written: str | None) -> Event:
    """A Git revision (`main@sha1:…`, once `main/…`) as commit and branch; any other as Flux writes it."""
    match = _GIT.fullmatch(written) if written else None
    if match is None:
        return {"revision": written}
    return {"revision": match.group(2), "commit_sha": match.group(2), "branch": match.group(1)}


def service_of(labels: Mapping[str, Any], name: str) -> str:
    """The service that the labels of a Flux object name, else the object's own name."""
    return fields.loose_text(labels, *SERVICE_LABELS) or name


def workloads_of(status: Json) -> Iterator[tuple[str, Event]]:
    """(pointer, columns) of each workload in `status.inventory`, whose ids are namespace_name_group_kind."""
    inventory = fields.optional_mapping(status, "inventory", "/status")
    for index, entry in enumerate(fields.optional_objects(inventory, "entries", "/status/inventory")):
        at = f"/status/inventory/entries/{index}"
        namespace, _, rest = fields.text(entry, "id", at).partition("_")
        name, _, kind = rest.partition("_")
        kind = kind.rpartition("_")[2]
        if kind in WORKLOAD_KINDS:
            yield at, {"namespace": namespace, "workload": name, "workload_kind": kind, "service_name": None}
