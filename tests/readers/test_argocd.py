"""Argo CD Applications."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from .reading import events_of, gaps_of, picked, refusals_of
from .samples import APPLICATION

A, B = "a" * 40, "b" * 40


def application(**status: Any) -> dict[str, Any]:
    changed = deepcopy(APPLICATION)
    changed["status"].update(status)
    return changed


def test_the_history_is_a_row_of_changes() -> None:
    """Each with the revision before it, and who began it."""
    first, second, _ = events_of(APPLICATION)
    keys = ("pointer", "activity", "revision", "previous_revision", "initiator", "is_auto_sync", "branch")
    assert picked(first, *keys) == {
        "pointer": "/status/history/0",
        "activity": "synced",
        "revision": A,
        "previous_revision": None,
        "initiator": "jonas.weber",
        "is_auto_sync": False,
        "branch": "main",
    }
    assert picked(second, *keys) == {
        "pointer": "/status/history/1",
        "activity": "synced",
        "revision": B,
        "previous_revision": A,
        # The history of older versions does not say; the operation that wrote the row does.
        "initiator": "automated sync",
        "is_auto_sync": True,
        "branch": "main",
    }
    assert picked(second, "application", "namespace", "cluster", "repository", "commit_sha") == {
        "application": "checkout-api",
        "namespace": "payments",
        "cluster": "prod-eu1",
        "repository": "acme/platform-apps",
        "commit_sha": B,
    }


def test_the_application_covers_changes_up_to_its_reconciliation() -> None:
    """One observed event says until when no other change happened."""
    observed = events_of(APPLICATION)[-1]
    assert picked(observed, "pointer", "activity", "event_time_text", "sync_status", "status") == {
        "pointer": "/status/reconciledAt",
        "activity": "observed",
        "event_time_text": "2026-01-14T11:58:40Z",
        "sync_status": "Synced",
        "status": "Degraded",
    }


def test_a_failed_operation_is_a_change_of_its_own() -> None:
    """It is not in the history, but part of it may have been applied."""
    operation = {
        "phase": "Failed",
        "startedAt": "2026-01-14T10:00:00Z",
        "finishedAt": "2026-01-14T10:00:09Z",
        "message": "one or more objects failed to apply",
        "syncResult": {"revision": "c" * 40},
    }
    failed = events_of(application(operationState=operation))[2]
    assert picked(failed, "pointer", "activity", "status", "revision", "previous_revision") == {
        "pointer": "/status/operationState",
        "activity": "configured",
        "status": "Failed",
        "revision": "c" * 40,
        "previous_revision": B,
    }


def test_a_list_holds_one_record_per_application() -> None:
    """As kubectl writes it."""
    listed = {"apiVersion": "v1", "kind": "List", "items": [APPLICATION, APPLICATION]}
    assert len(events_of(listed)) == 6


def test_an_application_without_a_status_is_new_and_says_nothing() -> None:
    """No event and no gap, and no refusal, alone or in a list."""
    new = {key: value for key, value in APPLICATION.items() if key != "status"}
    assert 3 == len(events_of({"apiVersion": "v1", "kind": "List", "items": [new, APPLICATION]}))
    assert ([], []) == (events_of(new), gaps_of(new))


def test_a_list_that_was_cut_into_pages_is_a_gap() -> None:
    """As the API server answers it, page by page."""
    metadata = {"continue": "eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ", "remainingItemCount": 12}
    (gap,) = gaps_of({"kind": "ApplicationList", "metadata": metadata, "items": [APPLICATION]})
    assert ("more_available", "/metadata") == (gap.gap, gap.pointer)


def test_a_full_history_is_a_gap() -> None:
    """Ten rows are the default limit: older ones are gone."""
    row = APPLICATION["status"]["history"][0]
    (gap,) = gaps_of(application(history=[row] * 10))
    assert (gap.gap, gap.subject) == ("change_history_at_limit", "checkout-api")
    assert gaps_of(application(history=[row] * 9)) == []


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        ({"history": {}}, ("field_invalid", "/status/history")),
        ({"history": [{"revision": A}]}, ("field_missing", "/status/history/0/deployedAt")),
        (
            {"history": [{"deployedAt": "2026-01-09T15:20:11Z"}]},
            ("field_missing", "/status/history/0/revision"),
        ),
        ({"reconciledAt": "yesterday"}, ("time_invalid", "/status/reconciledAt")),
    ],
)
def test_what_can_be_wrong(status: dict[str, object], refusal: tuple[str, str]) -> None:
    """Each fault is named with its pointer."""
    assert refusals_of(application(**status)) == [refusal]
