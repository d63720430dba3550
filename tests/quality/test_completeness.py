"""Gaps: declared by the exports, shown by reading them, or absent altogether."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from evidence.quality import build_completeness
from evidence.tables import open_memory, register, table_from_rows

WINDOW_END = 9_000


def event(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "incident_id": "inc-1",
        "event_id": f"{number:032x}",
        "source": "prometheus",
        "kind": "metric",
        "class_uid": 0,
        "name": "up",
        "is_response": False,
        "event_time": number,
        "event_time_text": "t",
        "known_at": 100 + number,
        "known_at_basis": "delay",
        "record_sha256": f"{number:064x}",
        "pointer": "",
        "file_sha256": "a" * 64,
        "path": "p",
        "ordinal": number,
        "byte_offset": 0,
        "byte_length": 1,
        **fields,
    }


def declared(**fields: Any) -> dict[str, Any]:
    return {
        "incident_id": "inc-1",
        "source": "loki",
        "gap": "entries_equal_limit",
        "subject": "s",
        "detail": "d",
        "known_at": 50,
        "record_sha256": "r" * 64,
        "pointer": "/data",
        "gap_count": 1,
        "is_envelope": False,
        **fields,
    }


def refused(ordinal: int, **fields: Any) -> dict[str, Any]:
    return {
        "incident_id": "inc-1",
        "record_sha256": f"{ordinal:064x}",
        "reason": "json_invalid",
        "field": "",
        "detail": "d",
        "path": "p",
        "ordinal": ordinal,
        "byte_offset": 0,
        "byte_length": 1,
        "line": 1,
        "file_sha256": "a" * 64,
        **fields,
    }


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    return open_memory()


def gaps(
    connection: duckdb.DuckDBPyConnection,
    events: list[dict[str, Any]],
    declarations: list[dict[str, Any]] | None = None,
    refusals: list[dict[str, Any]] | None = None,
) -> list[dict[str, Any]]:
    incident = {
        "incident_id": "inc-1",
        "title": "t",
        "incident_type": "rollout",
        "window_start": 0,
        "window_end": WINDOW_END,
    }
    register(
        connection,
        {
            "intake.evidence_events": table_from_rows("intake.evidence_events", events),
            "intake.declared_gaps": table_from_rows("intake.declared_gaps", declarations or []),
            "intake.quarantine": table_from_rows("intake.quarantine", refusals or []),
            "intake.incidents": table_from_rows("intake.incidents", [incident]),
        },
    )
    return build_completeness(connection)["quality.completeness"].to_pylist()


CHANGE = event(1, source="argocd", kind="change", name="sync")


def test_a_declared_gap_counts_from_the_record_that_declares_it(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Twice declared is one gap of two, from the first arrival, anchored at that record."""
    rows = gaps(connection, [CHANGE], [declared(known_at=70, record_sha256="z" * 64), declared()])
    assert [(row["gap"], row["gap_count"], row["known_at"], row["record_sha256"][0]) for row in rows] == [
        ("entries_equal_limit", 2, 50, "r")
    ]
    assert rows[0]["pointer"] == "/data"


def test_refused_records_count_from_the_first_evidence_of_their_file(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Two reasons, one file, one gap; its source is that of the file's other records."""
    rows = gaps(connection, [CHANGE], refusals=[refused(5), refused(6, reason="truncated")])
    assert [(row["source"], row["gap"], row["gap_count"], row["known_at"]) for row in rows] == [
        ("argocd", "records_quarantined", 2, CHANGE["known_at"])
    ]
    assert "json_invalid, truncated" in rows[0]["detail"]


def test_a_file_that_says_nothing_has_no_time_of_its_own(connection: duckdb.DuckDBPyConnection) -> None:
    """Nobody knows when a wholly unreadable file arrived: it counts at the end of the window."""
    rows = gaps(connection, [CHANGE], refusals=[refused(5, file_sha256="b" * 64)])
    assert [(row["source"], row["known_at"]) for row in rows] == [("", WINDOW_END)]


def test_a_metric_that_no_setting_maps_is_a_gap(connection: duckdb.DuckDBPyConnection) -> None:
    """One gap per metric, unless its reader declared the same."""
    rows = gaps(connection, [CHANGE, event(2), event(3), event(4, name="load")])
    assert [(row["subject"], row["gap_count"], row["known_at"]) for row in rows] == [
        ("load", 1, 104),
        ("up", 2, 102),
    ]
    said = declared(source="prometheus", gap="metric_unmapped", subject="up")
    rows = gaps(connection, [CHANGE, event(2)], [said])
    assert [(row["subject"], row["detail"]) for row in rows] == [("up", "d")]


def test_no_source_of_changes_is_an_absence_that_no_earlier_moment_could_know(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """It counts from the end of the window and has no record; a change or CloudTrail ends it."""
    rows = gaps(connection, [event(2, measure="latency")])
    assert [(row["gap"], row["known_at"], row["record_sha256"]) for row in rows] == [
        ("change_source_missing", WINDOW_END, None)
    ]
    assert gaps(connection, [CHANGE]) == []
    assert gaps(connection, [event(2, source="aws_cloudtrail", kind="api_call")]) == []


SECOND = 1_000_000_000


def pod_event(number: int, source: str, kind: str, second: int, pod: str, **fields: Any) -> dict[str, Any]:
    """An event of a pod of the namespace `payments`, known a second after it happened."""
    at = second * SECOND
    usual = {"namespace": "payments", "pod": pod, "name": kind, "event_time": at, "known_at": at + SECOND}
    return event(number, source=source, kind=kind, **{**usual, **fields})


def found(connection: duckdb.DuckDBPyConnection, gap: str, *events: dict[str, Any]) -> list[tuple[Any, ...]]:
    """(source, subject, known_at in seconds) of each gap of a kind."""
    return [
        (row["source"], row["subject"], row["known_at"] // SECOND)
        for row in gaps(connection, list(events))
        if row["gap"] == gap
    ]


POD = "checkout-api-7d9b6f8f6d-xk2tw"


def test_a_pod_that_speaks_before_it_is_placed_shows_a_skewed_clock(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Known once both are; a minute is allowed."""
    placed = pod_event(1, "kubernetes_events", "lifecycle", 1_000, POD, name="Scheduled")
    late = pod_event(2, "loki", "log", 1_000 - 61, POD)
    assert found(connection, "clock_skewed", placed, late) == [("loki", "pod placement", 1_001)]
    assert found(connection, "clock_skewed", placed, pod_event(2, "loki", "log", 1_000 - 60, POD)) == []


def test_a_name_that_is_used_again_shows_no_skew(connection: duckdb.DuckDBPyConnection) -> None:
    """The pod of a StatefulSet spoke under the same name before."""
    placed = pod_event(1, "kubernetes_events", "lifecycle", 1_000, "ledger-0", name="Scheduled")
    assert found(connection, "clock_skewed", placed, pod_event(2, "loki", "log", 100, "ledger-0")) == []


def test_a_claimed_pod_that_the_logs_go_on_without_is_a_gap(connection: duckdb.DuckDBPyConnection) -> None:
    """From when an other pod of the namespace is seen at or after the claim."""
    claim = pod_event(1, "event_envelope", "detection", 100, "ghost")
    before, after = pod_event(2, "loki", "log", 99, POD), pod_event(3, "loki", "log", 150, POD)
    expected = [("event_envelope", "payments/ghost", 151)]
    assert found(connection, "claimed_object_unseen", claim, before, after) == expected
    assert found(connection, "claimed_object_unseen", claim, before) == []
    assert found(connection, "claimed_object_unseen", claim, {**after, "namespace": "orders"}) == []


def test_a_claimed_pod_that_anybody_else_saw_is_none(connection: duckdb.DuckDBPyConnection) -> None:
    """Seen at any time; but who only passes words on, or talks about it, has seen nothing."""
    claim, after = (
        pod_event(1, "stackstorm", "detection", 100, "ghost"),
        pod_event(3, "loki", "log", 150, POD),
    )
    for source in ("falco", "kubernetes_audit", "tempo"):
        assert (
            found(connection, "claimed_object_unseen", claim, after, pod_event(2, source, "log", 40, "ghost"))
            == []
        )
    for source in ("argo_events", "slack"):
        heard = pod_event(2, source, "log", 100, "ghost")
        assert ("stackstorm", "payments/ghost", 151) in found(
            connection, "claimed_object_unseen", claim, after, heard
        )


def test_what_is_seen_later_does_not_undo_that_it_was_looked_for_in_vain(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """A decision in between must not know of it."""
    claim, after = (
        pod_event(1, "stackstorm", "detection", 100, "ghost"),
        pod_event(2, "loki", "log", 150, POD),
    )
    late = pod_event(3, "falco", "detection", 100, "ghost", known_at=900 * SECOND)
    assert found(connection, "claimed_object_unseen", claim, after, late) == [
        ("stackstorm", "payments/ghost", 151)
    ]
