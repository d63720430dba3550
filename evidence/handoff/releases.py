"""Reads out of the record that states a release where its desired state lies, as a rollback must know it.

An Argo CD Application says it whole: repository, folder, what it follows, and the source of each revision in
its history. A GitHub deployment says its repository and the branch or tag that was deployed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evidence.anchors import parse_record, value_at
from evidence.handoff.case import Case, Row


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


def release_of(case: Case) -> Release:
    """The release of the change that the state names; empty without one."""
    change = case.supporting_event("change_revision", "is_change_seen", "change_at")
    if change is None:
        return Release()
    record = _record(case, change)
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


def text_in_record(case: Case, event: Row, pointer: str) -> str | None:
    """The text at a pointer of the event's record; None where the record has none there."""
    return _text(_record(case, event), pointer)


def _is_auto_sync(record: Mapping[str, Any]) -> bool:
    """An `automated` block turns it on, unless it says `enabled: false`."""
    automated = _value(record, "/spec/syncPolicy/automated")
    return isinstance(automated, dict) and automated.get("enabled") is not False


def _target_of(record: Mapping[str, Any], revision: str | None) -> str | None:
    """What the Application followed when it last ran the revision, by its history."""
    history = _inner(record, "/status").get("history")
    entries = [entry for entry in history if isinstance(entry, dict)] if isinstance(history, list) else []
    found = [_text(entry, "/source/targetRevision") for entry in entries if entry.get("revision") == revision]
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
