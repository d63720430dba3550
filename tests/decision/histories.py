"""Small hand-made histories: incidents with their states, readable by the decision stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from evidence.decision.states import blank_state
from evidence.tables import open_memory, register, table_from_rows

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
START = 1_767_600_000 * SECOND

# States of the small bundle (tests/decision/bundles/mini) that make one action win.
QUIET = {
    "signal_count": 1,
    "first_signal_at": START,
    "has_minimum_context": True,
    "confidence": 85,
    "blast_radius": 0,
}
RESTART = {
    **QUIET,
    "is_error_rate_over_policy": True,
    "signal_names": ["CrashLoop"],
    "is_stateful": False,
    "workload": "cart",
    "environment": "staging",
}
DRAIN = {
    **QUIET,
    "signal_names": ["CrashLoop"],
    "is_stateful": False,
    "node": "node-1",
    "environment": "staging",
}
ERRORS = {**QUIET, "is_error_rate_over_policy": True, "environment": "staging"}


def incident(incident_id: str = "inc-1", **columns: Any) -> dict[str, Any]:
    """An incident whose window ends an hour after START."""
    return {
        "incident_id": incident_id,
        "title": "A test",
        "incident_type": "infrastructure",
        "window_start": START - MINUTE,
        "window_end": START + 60 * MINUTE,
        **columns,
    }


def history(
    states: Sequence[dict[str, Any]], incidents: Sequence[dict[str, Any]] = (incident(),)
) -> duckdb.DuckDBPyConnection:
    """A connection with both tables; states of one incident are a minute apart unless they say otherwise."""
    rows: list[dict[str, Any]] = []
    for state in states:
        incident_id = state.get("incident_id", "inc-1")
        moment = sum(row["incident_id"] == incident_id for row in rows) + 1
        place = {"incident_id": incident_id, "moment": moment, "known_at": START + (moment - 1) * MINUTE}
        rows.append({**blank_state(), "missing_context": [], **place, **state})
    tables = {
        "enrichment.incident_states": table_from_rows("enrichment.incident_states", rows),
        "intake.incidents": table_from_rows("intake.incidents", incidents),
    }
    connection = open_memory()
    register(connection, tables)
    return connection
