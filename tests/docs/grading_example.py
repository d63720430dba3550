"""Writes the worked example of the three figures: each term from the bundle, each total from the code."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from evidence.decision.bundle import Bundle
from evidence.enrichment.grading import Grading, graded_sql
from evidence.tables import arrow_schema, open_memory
from expectations.contracts import ColumnType
from expectations.tables import TABLES

STATES = "enrichment.incident_states"
STATE: dict[str, Any] = {
    "incident_id": "example",
    "moment": 1,
    "service": "checkout-api",
    "environment": "production",
    "criticality": "customer_facing",
    "owner": "payments-platform",
    "is_change_seen": True,
    "severity_alertmanager": 3,
    "severity_falco": 5,
    "signal_sources": ["alertmanager", "falco"],
    "signal_source_count": 2,
    "detection_level": 5,
    "gap_count": 1,
    "contradiction_count": 1,
    "customer_facing_count": 2,
    "error_rate_ppm": 82_000,
    "latency_ms": 40,
    "impacted_route_count": 1,
    "is_dependency_hot": False,
}
_FILL = {ColumnType.INTEGER: 0, ColumnType.BIGINT: 0, ColumnType.BOOLEAN: False, ColumnType.TEXTS: []}
Term = tuple[str, int]


def graded(grading: Grading) -> dict[str, Any]:
    """The example state with its graded columns, by the code that grades every state."""
    contract = TABLES[STATES]
    row = {c.name: STATE.get(c.name, None if c.is_nullable else _FILL.get(c.type)) for c in contract.columns}
    connection = open_memory()
    connection.register("states", pa.Table.from_pylist([row], schema=arrow_schema(contract)))
    return connection.sql(graded_sql(grading, "states")).to_arrow_table().to_pylist()[0]


def confidence_terms(grading: Grading) -> list[Term]:
    """What adds up to the confidence of the example."""
    weights = grading.confidence
    trusts = {source: getattr(weights.source_trust, source) for source in STATE["signal_sources"]}
    trusted = max(trusts, key=lambda source: trusts[source])
    others = min(STATE["signal_source_count"] - 1, weights.corroboration_sources_max)
    gaps = min(weights.gap_points * STATE["gap_count"], weights.gap_points_max)
    return [
        (f"trust in {trusted}, the most trusted source that signalled", trusts[trusted]),
        ("one further independent source", weights.corroboration_points * others),
        ("a detection of level critical", weights.level.critical),
        ("one declared gap", -gaps),
        ("one contradiction", -weights.contradiction_points),
    ]


def impact_terms(grading: Grading) -> list[Term]:
    """What adds up to the impact of the example."""
    table = grading.impact
    reach = min(STATE["customer_facing_count"], table.customer_facing_count_max)
    routes = min(STATE["impacted_route_count"], table.impacted_route_count_max)
    return [
        ("a customer-facing service", table.criticality.customer_facing),
        ("in production", table.environment.production),
        (f"{reach} customer-facing services within reach", table.customer_facing_points * reach),
        ("one route with errors", table.impacted_route_points * routes),
        ("error rate over policy", table.error_rate_over_policy),
    ]


def total_of(terms: list[Term]) -> int:
    """The sum within 0 to 100."""
    return min(max(sum(points for _, points in terms), 0), 100)


def example_text(bundle: Bundle) -> str:
    """The section below the heading."""
    row, grading = graded(bundle.grading), bundle.grading
    return "\n".join(
        [
            f"With the active bundle ({bundle.name}), for a state in which",
            "",
            "- Alertmanager fired a *warning* and Falco a finding of priority *critical*,",
            "- the catalogue knows the service as customer-facing, in production, and one customer-facing",
            "  service depends on it (two within reach),",
            "- the error rate is 8.2 % (82,000 parts per million), the latency 40 ms; one route has errors,",
            "- an export declares one gap, and two sources contradict each other about one fact:",
            "",
            f"**Severity {row['severity']}**: Alertmanager's warning is worth "
            f"{grading.severity.alertmanager.medium}, Falco's critical {grading.severity.falco.critical}; "
            "the higher counts.",
            "",
            *_sum("Confidence", row["confidence"], confidence_terms(grading)),
            "",
            *_sum("Impact", row["impact"], impact_terms(grading)),
            "",
            f"The error rate is over policy because {STATE['error_rate_ppm']} is more than "
            f"{grading.thresholds.error_rate_ppm}; the latency is not, because {STATE['latency_ms']} is not "
            f"more than {grading.thresholds.latency_ms}.",
            "",
        ]
    )


def _sum(name: str, total: int, terms: list[Term]) -> list[str]:
    limit = "" if total == sum(points for _, points in terms) else " (kept within 0 to 100)"
    lines = [f"**{name} {total}**{limit}:", "", "| | points |", "|---|---|"]
    return [*lines, *(f"| {what} | {points} |" for what, points in terms)]
