"""Hand-made histories whose facts survive grading, and edits of the small bundle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from evidence.decision import Bundle
from evidence.decision.bundle import Playbook
from tests.decision.deciding import mini
from tests.decision.histories import START, history, incident

# Minimum context complete, confidence 90, blast radius 0: what the small bundle's graded gates ask for.
SURE = {
    "signal_count": 1,
    "signal_sources": ["alertmanager", "falco"],
    "signal_source_count": 2,
    "first_signal_at": START,
    "severity_alertmanager": 3,
    "service": "cart",
    "workload": "cart",
    "node": "node-1",
    "principal": "cart-deployer",
    "environment": "staging",
    "owner": "shop",
    "is_change_seen": False,
    "blast_radius": 0,
    "is_stateful": False,
}
RESTARTED = {
    **SURE,
    "is_error_rate_over_policy": True,
    "error_rate_ppm": 90_000,
    "signal_names": ["CrashLoop"],
}
ERRORS_ONLY = {**SURE, "error_rate_ppm": 90_000}


def world(
    states: Mapping[str, list[dict[str, Any]]], **incidents: dict[str, Any]
) -> duckdb.DuckDBPyConnection:
    """A history of the states of each incident, a minute apart; `incidents` adds columns by incident id."""
    rows = [{**state, "incident_id": name} for name, listed in states.items() for state in listed]
    return history(rows, [incident(name, **incidents.get(name, {})) for name in states])


def edited(bundle: Bundle | None = None, name: str = "candidate", **changes: Any) -> Bundle:
    """The bundle, by default the small one, with parts of its playbook document replaced.

    A key names a path in the document with `__` between its parts, such as
    `actions__restart__mode="approval_required"`; None takes the part out.
    """
    base = bundle or mini()
    document = base.playbook.model_dump(mode="json", exclude_none=True)
    for path, value in changes.items():
        _set(document, path.split("__"), value)
    return Bundle(name, Playbook.model_validate(document), base.approvers, base.policies, base.detections)


def _set(document: Any, path: list[str], value: Any) -> None:
    for key in path[:-1]:
        document = document[int(key) if isinstance(document, list) else key]
    last: Any = int(path[-1]) if isinstance(document, list) else path[-1]
    if value is None:
        del document[last]
    else:
        document[last] = value
