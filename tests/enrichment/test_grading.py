"""Grading: severity, confidence and impact from the columns of a state, and the ticks of a bundle."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from evidence.enrichment.grading import Grading, graded_sql, retick_sql
from evidence.tables import open_memory, register

from .tables import GRADING, MINUTE, SECOND, START, enriched, event, last_state, states

ALERT = event(
    1, "alertmanager", "alert", 0, name="High", activity="firing", severity_id=3, service_name="checkout-api"
)
SHELL = event(2, "falco", "detection", 1, name="Shell", severity_id=5, service_name="checkout-api")


def changed(**sections: Any) -> Grading:
    return Grading.model_validate({**GRADING.model_dump(), **sections})


def test_severity_is_the_highest_over_the_sources_scales() -> None:
    """Each source's level goes through its own table first."""
    assert [row["severity"] for row in states([ALERT, SHELL])] == [3, 5]
    table = GRADING.model_dump()["severity"]
    mild = {**table, "falco": {**table["falco"], "critical": 4, "high": 4}}
    assert [row["severity"] for row in states([ALERT, SHELL], changed(severity=mild))] == [3, 4]


def test_no_stated_severity_is_unknown() -> None:
    """An alert without severity leaves it NULL and the context incomplete."""
    state = last_state([{**ALERT, "severity_id": None}])
    assert state["severity"] is None
    assert "severity" in state["missing_context"]


def test_confidence_adds_trust_corroboration_and_level() -> None:
    """The most trusted source 50, one more source 15, a critical finding 20."""
    assert [row["confidence"] for row in states([ALERT, SHELL])] == [50, 85]


def test_a_source_heard_through_the_watch_list_has_its_trust() -> None:
    """CloudTrail signals nothing by itself: a watched call has the trust of the watch list."""
    call = event(
        3, "aws_cloudtrail", "api_call", name="StopLogging", status="success", actor="a", account_uid="1"
    )
    assert last_state([call])["confidence"] == 55 + 20


def test_confidence_and_impact_stay_within_a_hundred() -> None:
    """However many points there are."""
    generous = GRADING.model_dump()
    generous["confidence"]["corroboration_points"] = 100
    generous["impact"]["criticality"]["customer_facing"] = 100
    row = last_state([ALERT, SHELL], grading=Grading.model_validate(generous))
    assert (row["confidence"], row["impact"]) == (100, 100)


def test_without_any_signal_there_is_no_confidence() -> None:
    """A log line alone: confidence 0, and the reach counted as the worst."""
    row = last_state([event(1, "loki", "log")])
    assert (row["confidence"], row["impact"]) == (0, 90)


def test_impact_adds_what_is_hit_and_what_telemetry_shows() -> None:
    """Customer-facing 40, production 30, one customer-facing service 5, errors over policy 10."""
    errors = event(
        3, "prometheus", "metric", 2, measure="error_rate", measure_value=50_001, measure_unit="ppm"
    )
    assert [row["impact"] for row in states([ALERT, errors])] == [75, 85]


def test_policy_is_over_only_above_the_threshold() -> None:
    """The threshold itself is within policy."""
    at = event(3, "prometheus", "metric", 2, measure="error_rate", measure_value=50_000, measure_unit="ppm")
    assert last_state([ALERT, at])["is_error_rate_over_policy"] is False


def test_regrading_a_graded_table_changes_nothing() -> None:
    """graded_sql over retick_sql over published states gives them back, row for row."""
    published = enriched([ALERT, SHELL])["enrichment.incident_states"]
    connection = open_memory()
    register(connection, {"enrichment.incident_states": published})
    again = graded_sql(GRADING, f"({retick_sql(GRADING, 'enrichment.incident_states')})")
    rows = (
        connection.sql(f"select * from ({again}) order by incident_id, moment").to_arrow_table().to_pylist()
    )
    assert rows == published.to_pylist()


def test_another_grading_gives_what_a_fresh_build_gives() -> None:
    """Regrading published states equals building with that grading from the start."""
    other = changed(tick_minutes=[5], thresholds={**GRADING.model_dump()["thresholds"], "latency_ms": 1})
    connection = open_memory()
    register(
        connection, {"enrichment.incident_states": enriched([ALERT, SHELL])["enrichment.incident_states"]}
    )
    again = graded_sql(other, f"({retick_sql(other, 'enrichment.incident_states')})")
    rows = (
        connection.sql(f"select * from ({again}) order by incident_id, moment").to_arrow_table().to_pylist()
    )
    assert rows == enriched([ALERT, SHELL], other)["enrichment.incident_states"].to_pylist()


def test_ticks_follow_the_first_signal_and_repeat_the_row_before() -> None:
    """15 and 60 minutes after its arrival; where evidence arrives at a tick there is one row, not two."""
    at_tick = event(3, "loki", "log", known_at=START + SECOND + 15 * MINUTE)
    rows = enriched([ALERT, at_tick])["enrichment.incident_states"].to_pylist()
    assert [(row["moment"], row["is_tick"], row["tick_count"]) for row in rows] == [
        (1, False, 0),
        (2, False, 1),
        (3, True, 2),
    ]
    assert rows[2]["known_at"] == START + SECOND + 60 * MINUTE


def test_without_a_signal_or_declared_minutes_there_are_no_ticks() -> None:
    """Nothing to count from, or nothing to count."""
    silent = enriched([event(1, "loki", "log")])["enrichment.incident_states"].to_pylist()
    none = enriched([ALERT], changed(tick_minutes=[]))["enrichment.incident_states"].to_pylist()
    assert [row["is_tick"] for row in silent + none] == [False, False]


@pytest.mark.parametrize(
    "sections",
    [
        {"tick_minutes": [60, 15]},
        {"tick_minutes": [15, 15]},
        {"tick_minutes": [0]},
        {"unknown": 1},
        {"thresholds": {"error_rate_ppm": 1, "latency_ms": 1}},
        {"thresholds": {"error_rate_ppm": -1, "latency_ms": 1, "resource_pressure_ppm": 1}},
        {"thresholds": {"error_rate_ppm": "1); drop", "latency_ms": 1, "resource_pressure_ppm": 1}},
        {"thresholds": {"error_rate_ppm": True, "latency_ms": 1, "resource_pressure_ppm": 1}},
    ],
)
def test_a_grading_that_makes_no_sense_is_refused(sections: dict[str, Any]) -> None:
    """Unknown or missing keys, text for figures, ticks that do not rise."""
    with pytest.raises(ValidationError):
        changed(**sections)


def test_a_scale_that_falls_is_refused() -> None:
    """A higher level must not be worth a lower severity."""
    severity = GRADING.model_dump()["severity"]
    with pytest.raises(ValidationError, match="lower severity"):
        changed(severity={**severity, "opa": {**severity["opa"], "fatal": 1}})
