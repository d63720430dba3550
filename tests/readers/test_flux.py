"""Flux: Kustomizations, HelmReleases, sources, and what the notification-controller posts."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from .reading import events_of, gaps_of, picked, reading_of, refusals_of
from .recorded import ALERT_FILE, export, recorded
from .samples import FILES

COMMIT = "8a52c1f0d9be4e0c2a6d5f3e1b7c9d8e0f1a2b3c"
KUSTOMIZATION, HELM_RELEASE, GIT_REPOSITORY = FILES["flux_resources"]["items"]
APPLIED, RECONCILED, UPGRADED, UNHEALTHY = FILES["flux_events"][1:]


def with_history(*rows: dict[str, Any], of: dict[str, Any] = KUSTOMIZATION, **status: Any) -> dict[str, Any]:
    """The object with these rows laid over those of its history, and other parts of its status."""
    changed = deepcopy(of)
    before = changed["status"]["history"]
    changed["status"]["history"] = [{**before[min(i, 1)], **row} for i, row in enumerate(rows)]
    changed["status"].update(status)
    return changed


def test_a_snapshot_is_a_change_of_each_workload_that_it_applies() -> None:
    """The newest row of the history, once per workload of the inventory; the service is left to the name."""
    events = events_of(KUSTOMIZATION)
    assert [(event["pointer"], event["activity"], event.get("workload")) for event in events] == [
        ("/status/inventory/entries/2/id", "synced", "checkout-api"),
        ("/status/inventory/entries/3/id", "synced", "ledger-worker"),
        ("/status/inventory/entries/2", "observed", "checkout-api"),
        ("/status/inventory/entries/3", "observed", "ledger-worker"),
        ("/status/history/1", "synced", None),
    ]
    keys = ("event_time_text", "commit_sha", "previous_revision", "branch", "is_auto_sync", "namespace")
    assert picked(events[0], *keys) == {
        "event_time_text": "2026-01-14T09:12:31Z",
        "commit_sha": COMMIT,
        "previous_revision": "a" * 40,
        "branch": "main",
        "is_auto_sync": True,
        "namespace": "payments",
    }
    assert events[2]["event_time_text"] == "2026-01-14T11:52:40Z"


def test_a_release_is_a_change_though_its_chart_stays() -> None:
    """Each row of a HelmRelease's history, named as Flux names it; its label says which service."""
    newest, older, observed = events_of(HELM_RELEASE)
    assert picked(newest, "revision", "previous_revision", "service_name", "event_time_text") == {
        "revision": "checkout-api.v31 with chart checkout-api@6.1.0",
        "previous_revision": "checkout-api.v30 with chart checkout-api@6.1.0",
        "service_name": "checkout-api",
        "event_time_text": "2026-01-14T09:12:33Z",
    }
    assert (older["status"], older["previous_revision"]) == ("superseded", None)
    assert picked(observed, "kind", "activity", "pointer") == {
        "kind": "change",
        "activity": "observed",
        "pointer": "/status/conditions/0",
    }


def test_a_source_tells_what_was_fetched() -> None:
    """It touches no service by itself: what is fetched is not applied yet."""
    (event,) = events_of(GIT_REPOSITORY)
    assert picked(event, "activity", "commit_sha", "resource", "service_name", "repository") == {
        "activity": "fetched",
        "commit_sha": COMMIT,
        "resource": "acme/platform-apps",
        "service_name": None,
        "repository": None,
    }


def test_without_a_history_nobody_knows_when_the_revision_came() -> None:
    """Before Flux 2.7: a comparison comes every few minutes, and is neither change nor coverage."""
    older = deepcopy(KUSTOMIZATION)
    del older["status"]["history"]
    (event,) = events_of(older)
    assert picked(event, "kind", "activity", "commit_sha") == {
        "kind": "lifecycle",
        "activity": "reconciled",
        "commit_sha": COMMIT,
    }
    assert [(gap.gap, gap.subject) for gap in gaps_of(older)] == [
        ("change_history_at_limit", "payments-apps")
    ]


def test_a_history_at_its_limit_is_a_gap() -> None:
    """Flux keeps five rows."""
    assert gaps_of(with_history(*[{}] * 4)) == []
    (gap,) = gaps_of(with_history(*[{}] * 5))
    assert (gap.gap, gap.pointer) == ("change_history_at_limit", "/status/history")


def test_a_return_to_earlier_manifests_covers_nothing() -> None:
    """Flux moves the old row to the front and does not say when that was."""
    returned = with_history({"firstReconciled": "2026-01-02T10:00:00Z"}, {})
    assert "observed" not in [event["activity"] for event in events_of(returned)]
    assert [gap.detail for gap in gaps_of(returned)] == [
        "payments-apps went back to earlier manifests; Flux does not say when"
    ]


@pytest.mark.parametrize(
    ("row", "kind", "activity"),
    [
        ({"lastReconciledStatus": "ReconciliationSucceeded"}, "change", "synced"),
        ({"lastReconciledStatus": "ReconciliationFailed"}, "change", "configured"),
        ({"lastReconciledStatus": "HealthCheckFailed"}, "change", "configured"),
        ({"lastReconciledStatus": "BuildFailed"}, "lifecycle", "reconciled"),
    ],
)
def test_a_failure_is_a_change_where_it_may_have_applied_something(
    row: dict[str, Any], kind: str, activity: str
) -> None:
    """What failed to build never reached the cluster."""
    event = events_of(with_history(row, {}))[0]
    assert (event["kind"], event["activity"]) == (kind, activity)


def test_a_later_failure_of_the_same_manifests_is_no_change() -> None:
    """They were there before; only their health changed."""
    digest = KUSTOMIZATION["status"]["history"][0]["digest"]
    failed = {"lastReconciledStatus": "HealthCheckFailed", "firstReconciled": "2026-01-14T09:20:00Z"}
    events = events_of(with_history(failed, {"digest": digest}))
    assert events[0]["kind"] == "lifecycle"


@pytest.mark.parametrize(
    ("written", "revision", "commit", "branch"),
    [
        (f"main@sha1:{COMMIT}", COMMIT, COMMIT, "main"),
        (f"main/{COMMIT}", COMMIT, COMMIT, "main"),
        (f"refs/heads/release/2.x@sha1:{COMMIT}", COMMIT, COMMIT, "release/2.x"),
        ("latest@sha256:" + "c" * 64, "latest@sha256:" + "c" * 64, None, None),
        ("6.1.0", "6.1.0", None, None),
    ],
)
def test_revisions_are_read_as_flux_writes_them(
    written: str, revision: str, commit: str | None, branch: str | None
) -> None:
    """A Git revision is its commit; a digest or a version stays what it is."""
    event = events_of(with_history({"metadata": {"revision": written}}, {}))[0]
    assert picked(event, "revision", "commit_sha", "branch") == {
        "revision": revision,
        "commit_sha": commit,
        "branch": branch,
    }


def test_events_tell_changes_from_what_repeats() -> None:
    """Lists of objects and Helm's actions are changes; a comparison that found nothing is none."""
    events = events_of(export("flux_events.jsonl"))
    assert [(event["kind"], event["activity"], event["status"]) for event in events] == [
        ("lifecycle", "reconciled", "NewArtifact"),
        ("change", "configured", "Progressing"),
        ("lifecycle", "reconciled", "ReconciliationSucceeded"),
        ("change", "synced", "UpgradeSucceeded"),
        ("lifecycle", "reconciled", "HealthCheckFailed"),
    ]
    assert picked(events[1], "workload", "namespace", "commit_sha", "cluster", "service_name") == {
        "workload": "checkout-api",
        "namespace": "payments",
        "commit_sha": COMMIT,
        "cluster": "prod-eu1",
        "service_name": None,
    }
    assert events[3]["revision"] == "checkout-api.v31 with chart checkout-api@6.1.0"
    assert [event["severity_id"] for event in events] == [1, 1, 1, 1, 4]


@pytest.mark.parametrize("reason", ["UninstallSucceeded", "UninstallFailed"])
def test_an_uninstall_is_a_change_after_which_no_revision_runs(reason: str) -> None:
    """What it took away is what ran before."""
    (event,) = events_of({**UPGRADED, "reason": reason})
    assert picked(event, "kind", "activity", "status", "revision", "previous_revision") == {
        "kind": "change",
        "activity": "configured",
        "status": reason,
        "revision": None,
        "previous_revision": "checkout-api.v31 with chart checkout-api@6.1.0",
    }


@pytest.mark.parametrize("of", [KUSTOMIZATION, HELM_RELEASE, GIT_REPOSITORY])
def test_an_object_without_a_status_is_new_and_says_nothing(of: dict[str, Any]) -> None:
    """No event and no gap, and no refusal, alone or in a list."""
    new = {key: value for key, value in of.items() if key != "status"}
    for export_of in (new, {"apiVersion": "v1", "kind": "List", "items": [new, KUSTOMIZATION]}):
        assert [] == refusals_of(export_of)
    assert ([], []) == (events_of(new), gaps_of(new))


def test_several_workloads_are_left_to_the_object_that_applies_them() -> None:
    """One event has one subject."""
    message = "Deployment/payments/a configured\nDeployment/payments/b created"
    (event,) = events_of({**APPLIED, "message": message})
    assert picked(event, "kind", "workload", "service_name") == {
        "kind": "change",
        "workload": None,
        "service_name": "payments-apps",
    }


@pytest.mark.parametrize(
    ("record", "refusal"),
    [
        ({**APPLIED, "timestamp": "now"}, ("time_invalid", "/timestamp")),
        ({**APPLIED, "severity": "loud"}, ("field_invalid", "/severity")),
        ({**APPLIED, "involvedObject": {"kind": "Kustomization"}}, ("field_missing", "/involvedObject/name")),
        ({**APPLIED, "metadata": []}, ("field_invalid", "/metadata")),
        (with_history({"firstReconciled": None}), ("field_missing", "/status/history/0/firstReconciled")),
        (
            with_history({"lastReconciledStatus": 1}),
            ("field_invalid", "/status/history/0/lastReconciledStatus"),
        ),
        (with_history({}, inventory=[]), ("field_invalid", "/status/inventory")),
        (
            with_history({"lastDeployed": "x"}, of=HELM_RELEASE),
            ("time_invalid", "/status/history/0/lastDeployed"),
        ),
        (with_history({"version": "2"}, of=HELM_RELEASE), ("field_invalid", "/status/history/0/version")),
    ],
)
def test_what_can_be_wrong(record: dict[str, Any], refusal: tuple[str, str]) -> None:
    """Each fault is named with its pointer."""
    assert refusals_of(record) == [refusal]


def test_another_kind_in_the_list_is_refused() -> None:
    """It keeps its bytes, and the others are read."""
    items = [KUSTOMIZATION, {**KUSTOMIZATION, "kind": "Alert"}]
    assert refusals_of({"apiVersion": "v1", "kind": "List", "items": items}) == [("field_invalid", "/kind")]


def test_a_reconciliation_is_a_recent_change(tmp_path: Path) -> None:
    """Before the symptom, on the affected workload: as a sync of Argo CD is."""
    told = recorded(tmp_path, ALERT_FILE, {"flux.json": export("flux_resources.json")})
    state = told.state
    assert (state["is_change_seen"], state["change_source"]) == (True, "flux")
    assert (state["change_to_symptom_seconds"], state["has_previous_revision"]) == (287, True)
    assert state["change_revision"] == "checkout-api.v31 with chart checkout-api@6.1.0"


def test_a_kustomization_that_was_compared_later_says_that_nothing_changed(tmp_path: Path) -> None:
    """Its workloads' last change lies days before the symptom, and it was compared after it."""
    old = with_history({"firstReconciled": "2026-01-09T15:20:11Z"})
    told = recorded(tmp_path, ALERT_FILE, {"flux.json": _bytes(old)})
    assert told.state["is_change_seen"] is False


def test_flux_events_are_changes_of_the_workload_that_they_list(tmp_path: Path) -> None:
    """And say of themselves that there may have been more."""
    told = recorded(tmp_path, ALERT_FILE, {"flux.jsonl": _bytes(APPLIED)})
    assert (told.state["change_source"], told.state["change_commit"]) == ("flux", COMMIT)
    assert told.gaps("flux") == [("delivery_best_effort", "events")]
    assert "gap-delivery_best_effort" in told.unknowns()


def _bytes(record: dict[str, Any]) -> bytes:
    return reading_of(record).records[0].raw
