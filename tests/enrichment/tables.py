"""Builds small intake tables by hand and runs the stage over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

import duckdb

from evidence import enrichment
from evidence.enrichment.grading import Grading
from evidence.tables import Tables, open_memory, register, table_from_rows

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
START = 1_768_000_000 * SECOND
INCIDENT = "inc-1"

Row = Mapping[str, Any]

SETTINGS: Any = SimpleNamespace(change_lookback_seconds=7200)

_SCALE = {"informational": 1, "low": 2, "medium": 3, "high": 4, "critical": 5, "fatal": 6}
GRADING = Grading.model_validate(
    {
        "tick_minutes": [15, 60],
        "severity": {
            source: dict(_SCALE)
            for source in ("alertmanager", "falco", "pagerduty", "event_envelope", "opa", "watch")
        },
        "thresholds": {"error_rate_ppm": 50000, "latency_ms": 800, "resource_pressure_ppm": 900000},
        "confidence": {
            "source_trust": {
                "alertmanager": 50,
                "falco": 45,
                "pagerduty": 20,
                "event_envelope": 30,
                "opa": 50,
                "watch": 55,
            },
            "corroboration_points": 15,
            "corroboration_sources_max": 3,
            "level": {"high": 10, "critical": 20, "fatal": 20},
            "gap_points": 5,
            "gap_points_max": 20,
            "contradiction_points": 15,
        },
        "impact": {
            "criticality": {"customer_facing": 40, "internal": 20, "batch": 10, "best_effort": 0},
            "environment": {"production": 30, "staging": 10, "test": 0, "development": 0},
            "customer_facing_points": 5,
            "customer_facing_count_max": 4,
            "error_rate_over_policy": 10,
            "latency_over_policy": 10,
            "resource_pressure_over_policy": 5,
            "impacted_route_points": 2,
            "impacted_route_count_max": 5,
            "dependency_hot": 5,
        },
    }
)


def event(number: int, source: str, kind: str, minute: int = 0, **fields: Any) -> dict[str, Any]:
    """One event, `minute` minutes after START, arriving a second later unless `known_at` says otherwise."""
    at = START + minute * MINUTE
    return {
        "incident_id": INCIDENT,
        "event_id": f"{number:032x}",
        "source": source,
        "kind": kind,
        "class_uid": 0,
        "name": kind,
        "is_response": False,
        "event_time": at,
        "event_time_text": str(at),
        "known_at": at + SECOND,
        "known_at_basis": "delay",
        "record_sha256": f"{number:064x}",
        "pointer": "",
        "file_sha256": "0" * 64,
        "path": "export",
        "ordinal": number,
        "byte_offset": 0,
        "byte_length": 0,
        **fields,
    }


def entry(entity_ref: str, **fields: Any) -> dict[str, Any]:
    """One catalogue entry; kind and name come from its reference."""
    kind, _, rest = entity_ref.partition(":")
    return {
        "entity_ref": entity_ref,
        "kind": kind,
        "name": rest.partition("/")[2],
        "record_sha256": "0" * 64,
        "file_sha256": "0" * 64,
        "path": "catalog.yaml",
        "ordinal": 0,
        "byte_offset": 0,
        "byte_length": 0,
        **fields,
    }


CHECKOUT = entry(
    "component:default/checkout-api",
    owner="payments",
    environment="production",
    criticality="customer_facing",
    kubernetes_namespace="payments",
    kubernetes_id="checkout-api",
    argocd_app="checkout-api",
    github_slug="acme/checkout-api",
    is_stateful=False,
    is_rollback_supported=True,
)


def incident(incident_id: str = INCIDENT, **fields: Any) -> dict[str, Any]:
    """One recorded incident with a window of a day."""
    return {
        "incident_id": incident_id,
        "title": "t",
        "incident_type": "rollout",
        "window_start": START - 720 * MINUTE,
        "window_end": START + 720 * MINUTE,
        **fields,
    }


def intake_connection(
    events: Iterable[Row],
    entries: Iterable[Row] = (CHECKOUT,),
    dependencies: Iterable[tuple[str, str]] = (),
    gaps: Iterable[Row] = (),
    incidents: Iterable[Row] | None = None,
) -> duckdb.DuckDBPyConnection:
    """A connection in which the tables that enrichment reads are views."""
    connection = open_memory()
    register(
        connection,
        {
            "intake.evidence_events": table_from_rows("intake.evidence_events", events),
            "intake.services": table_from_rows("intake.services", entries),
            "intake.dependencies": table_from_rows(
                "intake.dependencies", [{"from_ref": a, "to_ref": b} for a, b in dependencies]
            ),
            "intake.incidents": table_from_rows("intake.incidents", incidents or [incident()]),
            "quality.completeness": table_from_rows("quality.completeness", gaps),
        },
    )
    return connection


def enriched(events: Iterable[Row], grading: Grading = GRADING, **rest: Any) -> Tables:
    """The six enrichment tables of these events."""
    return enrichment.build(intake_connection(events, **rest), SETTINGS, grading)


def states(events: Iterable[Row], grading: Grading = GRADING, **rest: Any) -> list[dict[str, Any]]:
    """The evidence states (ticks left out), in order."""
    rows = enriched(events, grading, **rest)["enrichment.incident_states"].to_pylist()
    return [row for row in rows if not row["is_tick"]]


def last_state(events: Iterable[Row], **rest: Any) -> dict[str, Any]:
    """The last evidence state."""
    return states(events, **rest)[-1]


def last_states_of_cases(cases: Iterable[Iterable[Row]], **rest: Any) -> list[dict[str, Any]]:
    """The last evidence state of each case, each an incident of its own, from one run of the stage."""
    numbered = [(f"case-{number:03d}", list(events)) for number, events in enumerate(cases)]
    incidents = [incident(name) for name, _ in numbered]
    events = [{**row, "incident_id": name} for name, rows in numbered for row in rows]
    last: dict[str, dict[str, Any]] = {}
    for row in states(events, incidents=incidents, **rest):
        last[row["incident_id"]] = row
    return [last[name] for name, _ in numbered]
