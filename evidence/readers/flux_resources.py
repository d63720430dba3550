"""Reads Flux objects: Kustomizations, HelmReleases and sources, as `kubectl get … -o json` writes them.

Recognised by a kind of the API groups *.toolkit.fluxcd.io. One object is one record; one without a status is
new and states nothing. Each row of its history is a change: of a Kustomization (Flux 2.7 and later) dated
when those manifests were first applied, the newest once per workload of the inventory; of a HelmRelease
dated when that release was deployed. `observed` says that Flux had compared the cluster with the source, and
covers changes up to then. Without a history nobody knows when the revision came: that is a gap, and no
coverage. A source tells what was fetched. Wrong can be: times, a history or inventory of another shape.
Identity: uid and resourceVersion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Gap, Json, Reader, SourceFacts
from evidence.readers.flux_names import (
    APPLIERS,
    GROUP,
    SOURCES,
    revision_fields,
    service_of,
    workloads_of,
)
from evidence.readers.kubernetes_views import list_gaps
from evidence.readers.repository_names import repository_of_url

APPLICATION_LIFECYCLE = 6002
HISTORY_LIMIT = 5
_SUCCEEDED = frozenset({"ReconciliationSucceeded", "deployed", "superseded"})
# Failures after which part of the manifests, or all of them, may be in the cluster.
_APPLIED = frozenset({"HealthCheckFailed", "PruneFailed", "ReconciliationFailed"})


def is_record(record: Json) -> bool:
    """Whether it is a Flux object; one whose status is missing is new."""
    is_flux = GROUP in str(record.get("apiVersion", "")) and str(record.get("kind")) in APPLIERS | SOURCES
    return is_flux and isinstance(record.get("status", {}), dict | None)


def is_envelope(envelope: Json) -> bool:
    """Whether it is a typed list of Flux objects, as the API server answers it."""
    kind = str(envelope.get("kind", ""))
    return GROUP in str(envelope.get("apiVersion", "")) and kind.removesuffix("List") in APPLIERS | SOURCES


def read(record: Json, around: Around) -> Iterable[Event]:
    """The changes of the history, the coverage, or what a source fetched."""
    kind = fields.text(record, "kind")
    if kind not in APPLIERS | SOURCES:
        raise fields.invalid("/kind", kind, f"one of {', '.join(sorted(APPLIERS | SOURCES))}")
    status = fields.optional_mapping(record, "status")
    if kind in SOURCES:
        return list(_fetched(record, status))
    history = fields.optional_objects(status, "history", "/status")
    shared = _shared(record)
    if kind == "HelmRelease":
        return [*_releases(history, shared), *_compared(status, shared, is_covering=bool(history))]
    if not history:
        return list(_compared(status, shared, is_covering=False))
    return list(_snapshots(status, history, shared))


def identity(record: Json) -> str | None:
    """The object and its version."""
    metadata = fields.optional_mapping(record, "metadata")
    uid, version = metadata.get("uid"), metadata.get("resourceVersion")
    return f"{uid} {version}" if uid and version else None


def record_gaps(record: Json, around: Around) -> Iterable[Gap]:
    """A history that is missing, or as long as Flux lets it grow."""
    if record["kind"] in SOURCES or not record.get("status"):
        return
    name = record["metadata"]["name"]
    history = fields.optional_items(record["status"], "history", "/status")
    count = len(history)
    if record["kind"] == "Kustomization" and _is_return(history):
        detail = f"{name} went back to earlier manifests; Flux does not say when"
        yield Gap("change_history_at_limit", name, detail, "/status/history/0")
    elif count == 0:
        detail = f"{name} keeps no history: when its revision came is not known"
        yield Gap("change_history_at_limit", name, detail, "/status")
    elif count >= HISTORY_LIMIT:
        detail = f"the history of {name} holds {count} rows, its limit: older changes are gone"
        yield Gap("change_history_at_limit", name, detail, "/status/history")


def _shared(record: Json) -> Event:
    metadata = fields.mapping(record, "metadata")
    spec = fields.optional_mapping(record, "spec")
    name = fields.text(metadata, "name", "/metadata")
    release = fields.optional_text(spec, "releaseName", "/spec") or name
    labels = fields.text_labels(metadata, "labels", "/metadata")
    return {
        "kind": "change",
        "class_uid": APPLICATION_LIFECYCLE,
        "name": name,
        "application": name,
        "namespace": fields.optional_text(spec, "targetNamespace", "/spec")
        or fields.optional_text(metadata, "namespace", "/metadata"),
        "service_name": service_of(labels, release),
        "resource_kind": record["kind"],
        "resource": f"{metadata.get('namespace', '')}/{name}",
        "initiator": "Flux",
        "is_auto_sync": True,
    }


# --- Kustomizations


def _snapshots(status: Json, history: Any, shared: Event) -> Iterator[Event]:
    """Newest first: a change per snapshot, the newest per workload, and what its last comparison covers."""
    for index, row in enumerate(history):
        at = f"/status/history/{index}"
        before = history[index + 1] if index + 1 < len(history) else {}
        change: Event = {
            **shared,
            **_snapshot(row, history, at),
            "pointer": at,
            "previous_revision": _revision(before, f"/status/history/{index + 1}").get("revision"),
            **fields.moment_at(row, "firstReconciled", at),
        }
        placed = list(workloads_of(status)) if index == 0 else []
        yield from _each(change, placed, "/id") or [change]
        if index == 0 and not _is_return(history):
            observed: Event = {**shared, **_revision(row, at), "activity": "observed"}
            observed.update({"status": change.get("status"), **fields.moment_at(row, "lastReconciled", at)})
            observed["pointer"] = f"{at}/lastReconciled"
            yield from _each(observed, placed, "") or [observed]


def _each(event: Event, placed: list[tuple[str, Event]], below: str) -> list[Event]:
    """The event once per workload; the pointers, which must differ, go to its entry of the inventory."""
    return [cast(Event, {**event, **where, "pointer": f"{at}{below}"}) for at, where in placed]


def _snapshot(row: Json, history: Any, at: str) -> Event:
    """What became of the manifests; a failure that changed nothing is no change."""
    result = fields.text(row, "lastReconciledStatus", at)
    is_done = result in _SUCCEEDED
    # Flux keeps successes and failures of the same manifests apart: only what came first put them there.
    is_old = not is_done and any(
        other.get("digest") == row.get("digest")
        and str(other.get("lastReconciledStatus")) in _SUCCEEDED
        and str(other.get("firstReconciled")) <= str(row.get("firstReconciled"))
        for other in history
    )
    found: Event = {
        **_revision(row, at),
        "activity": "synced" if is_done else "configured",
        "status": result,
        "sync_status": "Synced" if is_done else "OutOfSync",
    }
    if not is_done and (is_old or result not in _APPLIED):
        found.update({"kind": "lifecycle", "name": result, "activity": "reconciled"})
    return found


def _is_return(history: Any) -> bool:
    """Whether Flux went back to manifests that it knew: then it does not say when."""
    if len(history) < 2 or history[0].get("digest") == history[1].get("digest"):
        return False
    return str(history[0].get("firstReconciled")) < str(history[1].get("firstReconciled"))


def _revision(row: Json, at: str) -> Event:
    """The Git commit behind an OCI artifact where it is known, else the source's revision."""
    metadata = fields.optional_mapping(row, "metadata", at)
    written = fields.optional_text(metadata, "originRevision", f"{at}/metadata")
    return revision_fields(written or fields.optional_text(metadata, "revision", f"{at}/metadata"))


# --- HelmReleases


def _releases(history: Any, shared: Event) -> Iterator[Event]:
    for index, row in enumerate(history):
        at = f"/status/history/{index}"
        before = history[index + 1] if index + 1 < len(history) else None
        result = fields.text(row, "status", at)
        is_done = result in _SUCCEEDED
        yield {
            **shared,
            "pointer": at,
            "activity": "synced" if is_done else "configured",
            "status": result,
            "sync_status": "Synced" if is_done else "OutOfSync",
            "namespace": fields.optional_text(row, "namespace", at) or shared["namespace"],
            "revision": _release(row, at),
            "previous_revision": _release(before, at) if before else None,
            **fields.moment_at(row, "lastDeployed", at),
        }


def _release(row: Json, at: str) -> str:
    """As Flux's messages name it: values may change while the chart's version stays."""
    version = fields.optional_integer(row, "version", at)
    chart = f"{fields.text(row, 'chartName', at)}@{fields.text(row, 'chartVersion', at)}"
    return f"{fields.text(row, 'name', at)}.v{version} with chart {chart}"


# --- What there is without a history, and sources


def _compared(status: Json, shared: Event, *, is_covering: bool) -> Iterator[Event]:
    """When the object last became ready or failed to: coverage beside a history, else a mere event."""
    for index, row in enumerate(fields.optional_objects(status, "conditions", "/status")):
        if row.get("type") != "Ready" or row.get("status") == "Unknown":
            continue
        at = f"/status/conditions/{index}"
        written = fields.optional_text(status, "lastAppliedRevision", "/status")
        yield {
            **shared,
            **({} if is_covering else {"kind": "lifecycle", "name": fields.text(row, "reason", at)}),
            **revision_fields(written),
            "pointer": at,
            "activity": "observed" if is_covering else "reconciled",
            "status": fields.optional_text(row, "reason", at),
            "message": fields.optional_text(row, "message", at),
            "sync_status": "Synced" if row.get("status") == "True" else "OutOfSync",
            **fields.moment_at(row, "lastTransitionTime", at),
        }


def _fetched(record: Json, status: Json) -> Iterator[Event]:
    """The artifact of a source: fetched, not applied, so that it touches no service by itself."""
    artifact = fields.optional_mapping(status, "artifact", "/status")
    if not artifact:
        return
    metadata = fields.mapping(record, "metadata")
    at = "/status/artifact"
    url = fields.optional_text(fields.optional_mapping(record, "spec"), "url", "/spec")
    yield {
        "kind": "change",
        "class_uid": APPLICATION_LIFECYCLE,
        "name": fields.text(metadata, "name", "/metadata"),
        "activity": "fetched",
        "pointer": at,
        "resource_kind": record["kind"],
        "resource": repository_of_url(url) or url,
        "initiator": "Flux",
        "is_auto_sync": True,
        **revision_fields(fields.text(artifact, "revision", at)),
        **fields.moment_at(artifact, "lastUpdateTime", at),
    }


READER = Reader(
    "flux_resources",
    "flux",
    is_record,
    read,
    identity,
    containers=(("items",),),
    is_envelope=is_envelope,
    envelope_gaps=list_gaps,
    record_gaps=record_gaps,
    facts=SourceFacts(
        tool="Flux",
        written_by="`kubectl get kustomizations,helmreleases,gitrepositories -A -o json`",
        record="one object",
        read="a change per row of `status.history`, the newest of a Kustomization once per workload of its "
        "inventory; coverage by the last comparison; what a source fetched. The service is named by "
        "`backstage.io/kubernetes-id`, else by inventory, release or object name",
        ignored="`spec.values`, `dependsOn`, `status.snapshot`; objects of a Kustomization besides workloads",
        gaps=("change_history_at_limit", "more_available"),
        forgeable=("service_name",),
        trust="whoever may edit Flux objects or push to their source chooses names and labels; status is "
        "written by the controllers",
        class_uids=(APPLICATION_LIFECYCLE,),
    ),
)
