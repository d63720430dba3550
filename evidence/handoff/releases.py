"""Reads out of the record that states a release where its desired state lies, as a rollback must know it.

An Argo CD Application says it whole: repository, folder, what it follows, and the source of each revision in
its history. A Flux Kustomization says its folder, and its source the repository, where that is in evidence; a
HelmRelease says which version of a chart each release was made of. A GitHub deployment says its repository
and the branch or tag that was deployed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evidence.anchors import parse_record, value_at
from evidence.handoff.case import Case, Row
from evidence.handoff.proposals import HelmRelease


@dataclass(frozen=True, slots=True)
class Release:
    """Where the desired state of the changed release lies; None where no record says it."""

    application: str | None = None
    application_namespace: str | None = None
    repository: str | None = None
    folder: str | None = None
    target_revision: str | None = None
    previous_target_revision: str | None = None
    is_auto_sync: bool | None = None
    helm_release: HelmRelease | None = None


def release_of(case: Case) -> Release:
    """The release of the change that the state names; empty without one."""
    change = case.supporting_event("change_revision", "is_change_seen", "change_at")
    if change is None:
        return Release()
    record = _record(case, change)
    if record.get("kind") == "Kustomization":
        return _of_kustomization(case, record)
    if record.get("kind") == "HelmRelease":
        return Release(is_auto_sync=_is_reconciled(record), helm_release=_helm_release(case, record))
    if record.get("kind") != "Application":
        ref = case.state["change_branch"]
        # A deployment of a commit names no branch.
        branch = ref if ref != case.state["change_revision"] else None
        return Release(repository=change["repository"], target_revision=branch)
    source = _inner(record, "/spec/source")
    return Release(
        application=change["application"],
        application_namespace=_text(record, "/metadata/namespace"),
        repository=_text(source, "/repoURL"),
        folder=_text(source, "/path"),
        target_revision=_text(source, "/targetRevision"),
        previous_target_revision=_target_of(record, case.state["change_previous_revision"]),
        is_auto_sync=_is_auto_sync(record),
    )


def _of_kustomization(case: Case, record: Mapping[str, Any]) -> Release:
    wanted = _inner(record, "/spec/sourceRef")
    fetched = (_record(case, event) for event in case.known_events if event["activity"] == "fetched")
    sources = (
        _text(source, "/spec/url")
        for source in fetched
        if (source.get("kind"), _text(source, "/metadata/name")) == (wanted.get("kind"), wanted.get("name"))
    )
    return Release(
        application=_text(record, "/metadata/name"),
        repository=next(sources, None),
        folder=(_text(record, "/spec/path") or "").removeprefix("./").strip("/") or None,
        target_revision=case.state["change_branch"],
        is_auto_sync=_is_reconciled(record),
    )


def _helm_release(case: Case, record: Mapping[str, Any]) -> HelmRelease | None:
    """None where the chart's version is not what moved, or the manifest does not hold it."""
    name, version = _text(record, "/metadata/name"), _text(record, "/spec/chart/spec/version")
    rows = {_release_name(row): row for row in _history(record)}
    current, before = (
        rows.get(case.state[column], {}) for column in ("change_revision", "change_previous_revision")
    )
    earlier = _text(before, "/chartVersion")
    if not (name and version and earlier) or earlier == current.get("chartVersion"):
        return None
    digests = current.get("configDigest"), before.get("configDigest")
    return HelmRelease(
        api_version=str(record.get("apiVersion")),
        name=name,
        namespace=_text(record, "/metadata/namespace"),
        version=version,
        previous_version=earlier,
        source=_chart_source(record),
        are_values_changed=digests[0] != digests[1] if all(digests) else None,
    )


def _release_name(row: Mapping[str, Any]) -> str:
    """As the reader of Flux's objects names a release."""
    return (
        f"{row.get('name')}.v{row.get('version')} with chart {row.get('chartName')}@{row.get('chartVersion')}"
    )


def _chart_source(record: Mapping[str, Any]) -> str | None:
    """`HelmRepository acme in flux-system`."""
    source = _inner(record, "/spec/chart/spec/sourceRef")
    kind, name, namespace = (_text(source, f"/{key}") for key in ("kind", "name", "namespace"))
    return f"{kind} {name}{f' in {namespace}' if namespace else ''}" if kind and name else None


def _is_reconciled(record: Mapping[str, Any]) -> bool:
    """Flux reconciles by itself unless it is suspended."""
    return _value(record, "/spec/suspend") is not True


def _history(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    history = _value(record, "/status/history")
    yield from (row for row in history if isinstance(row, dict)) if isinstance(history, list) else ()


def text_in_record(case: Case, event: Row, pointer: str) -> str | None:
    """The text at a pointer of the event's record; None where the record has none there."""
    return _text(_record(case, event), pointer)


def _is_auto_sync(record: Mapping[str, Any]) -> bool:
    """An `automated` block turns it on, unless it says `enabled: false`."""
    automated = _value(record, "/spec/syncPolicy/automated")
    return isinstance(automated, dict) and automated.get("enabled") is not False


def _target_of(record: Mapping[str, Any], revision: str | None) -> str | None:
    """What the Application followed when it last ran the revision, by its history."""
    entries = (entry for entry in _history(record) if entry.get("revision") == revision)
    found = [_text(entry, "/source/targetRevision") for entry in entries]
    return found[-1] if found and revision else None


def _record(case: Case, event: Row) -> Mapping[str, Any]:
    """The event's record; empty where it is no JSON object or is not kept."""
    record = case.records.get(event["record_sha256"])
    if record is None or record["raw"] is None:
        return {}
    try:
        value = parse_record(record["raw"].encode())
    except ValueError:
        return {}  # a record of another shape: its values are then simply not known
    return value if isinstance(value, dict) else {}


def _inner(record: Mapping[str, Any], pointer: str) -> Mapping[str, Any]:
    value = _value(record, pointer)
    return value if isinstance(value, dict) else {}


def _text(record: Mapping[str, Any], pointer: str) -> str | None:
    value = _value(record, pointer)
    return value if isinstance(value, str) and value else None


def _value(record: Mapping[str, Any], pointer: str) -> Any:
    try:
        return value_at(record, pointer)
    except ValueError:
        return None
