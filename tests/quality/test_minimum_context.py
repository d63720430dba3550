"""The verdict on the minimum context set, per incident and field."""

from __future__ import annotations

from typing import Any

from evidence.quality import build_minimum_context
from evidence.tables import open_memory, register, table_from_rows
from expectations.contracts import ColumnType
from expectations.minimum_context import MINIMUM_CONTEXT
from expectations.tables.enrichment import STATE_COLUMNS

_EMPTY: dict[ColumnType, Any] = {
    ColumnType.TEXT: "",
    ColumnType.INTEGER: 0,
    ColumnType.BIGINT: 0,
    ColumnType.BOOLEAN: False,
    ColumnType.TEXTS: [],
}


def state(moment: int, **fields: Any) -> dict[str, Any]:
    blank = {column.name: _EMPTY[column.type] for column in STATE_COLUMNS if not column.is_nullable}
    return {**blank, "incident_id": "inc-1", "moment": moment, "known_at": moment * 10, **fields}


def verdicts(rows: list[dict[str, Any]]) -> dict[str, tuple[bool, int | None, str | None]]:
    connection = open_memory()
    register(connection, {"enrichment.incident_states": table_from_rows("enrichment.incident_states", rows)})
    found = build_minimum_context(connection)["quality.minimum_context"].to_pylist()
    return {row["field"]: (row["is_present"], row["present_since"], row["value"]) for row in found}


def test_every_field_of_the_set_has_a_verdict() -> None:
    """An empty state: five fields, none present, no time, no value."""
    assert verdicts([state(1)]) == {field.name: (False, None, None) for field in MINIMUM_CONTEXT}


def test_a_field_is_present_since_it_has_been_without_a_break() -> None:
    """Known from the second moment on; one that was lost and found again since it was found again."""
    found = verdicts(
        [
            state(1, severity=3),
            state(2, owner="payments"),
            state(3, owner="payments", severity=4, is_change_seen=False),
        ]
    )
    assert found["owner"] == (True, 20, "payments")
    assert found["severity"] == (True, 30, "4")
    assert found["recent_change_data"] == (True, 30, "false")


def test_a_field_that_is_lost_at_the_end_is_absent() -> None:
    """The verdict is the last state's, and so is the value."""
    assert verdicts([state(1, owner="payments"), state(2)])["owner"] == (False, None, None)


def test_a_principal_stands_in_for_the_service() -> None:
    """Service, else workload, else principal."""
    assert verdicts([state(1, principal="alice")])["service_or_workload"] == (True, 10, "alice")
    assert verdicts([state(1, principal="alice", workload="w")])["service_or_workload"] == (True, 10, "w")
