"""Which of an incident's recommendations counts: committed, standing, horizon and hindsight."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.decision import decide
from evidence.errors import ContractError
from evidence.tables import Tables

from .deciding import mini
from .histories import DRAIN, ERRORS, MINUTE, QUIET, RESTART, START, history, incident


def decided(*states: dict[str, Any], **columns: Any) -> dict[str, Any]:
    """The one decision on one incident."""
    (row,) = decide(history(states, [incident(**columns)]), mini())["decision.decisions"].to_pylist()
    return row


def changes(tables: Tables) -> list[tuple[int, str, bool, bool]]:
    rows = tables["decision.recommendations"].to_pylist()
    return [(row["moment"], row["action"], row["is_hindsight"], row["is_decision_of_record"]) for row in rows]


def test_the_first_active_recommendation_is_committed() -> None:
    """A later, different one does not replace it; it only withdraws it."""
    row = decided(QUIET, RESTART, RESTART, DRAIN)
    assert (row["action"], row["basis"], row["moment"]) == ("restart", "committed", 2)
    assert row["decided_at"] == START + MINUTE
    assert row["time_to_decision_seconds"] == 60
    assert row["is_withdrawn"]
    assert row["hindsight_action"] == "drain"
    assert row["revision_count"] == 2


def test_without_an_active_one_the_last_recommendation_stands_since_its_last_change() -> None:
    """It is dated at the moment since which it held without a break."""
    row = decided(ERRORS, QUIET, ERRORS, ERRORS, ERRORS)
    assert (row["action"], row["basis"], row["moment"]) == ("gather", "standing", 3)
    assert row["decided_at"] == START + 2 * MINUTE
    assert not row["is_withdrawn"]
    assert row["revision_count"] == 2


@pytest.mark.parametrize("column", ["action_taken_at", "mitigated_at", "window_end"])
def test_nothing_after_the_horizon_changes_the_decision(column: str) -> None:
    """The earliest of remedial action, mitigation and end of the window bounds what counts."""
    row = decided(QUIET, QUIET, RESTART, **{column: START + MINUTE})
    assert (row["action"], row["basis"]) == ("watch", "standing")
    assert row["horizon_at"] == START + MINUTE
    assert row["hindsight_action"] == "restart"
    assert row["first_automatic_at"] is None


def test_a_moment_at_the_horizon_still_counts() -> None:
    """The horizon is the last moment in time, not the first out of it."""
    assert decided(QUIET, RESTART, action_taken_at=START + MINUTE)["action"] == "restart"


def test_the_earliest_horizon_wins() -> None:
    """Mitigation before the recorded action bounds the decision."""
    row = decided(QUIET, mitigated_at=START + 5, action_taken_at=START + 9)
    assert row["horizon_at"] == START + 5


def test_changes_are_recorded_with_hindsight_marked() -> None:
    """Every change of action, mode or approvers is a row; the decision's own row is marked."""
    tables = decide(
        history([QUIET, QUIET, RESTART, RESTART, ERRORS], [incident(mitigated_at=START + 3 * MINUTE)]), mini()
    )
    assert changes(tables) == [
        (1, "watch", False, False),
        (3, "restart", False, True),
        (5, "gather", True, False),
    ]


def test_a_change_of_mode_alone_is_a_change() -> None:
    """Less confidence keeps the action and raises its mode."""
    tables = decide(history([RESTART, {**RESTART, "confidence": 50}]), mini())
    rows = tables["decision.recommendations"].to_pylist()
    assert [(row["action"], row["mode"], row["approvers"]) for row in rows] == [
        ("restart", "automatic", []),
        ("restart", "approval_required", ["app_owner"]),
    ]
    assert not tables["decision.decisions"].to_pylist()[0]["is_withdrawn"]


def test_the_first_moment_that_could_have_been_automatic_is_kept() -> None:
    """The decision needed approval; a minute later it would not have."""
    row = decided({**RESTART, "confidence": 50}, RESTART)
    assert (row["mode"], row["moment"]) == ("approval_required", 1)
    assert row["first_automatic_at"] == START + MINUTE


def test_moments_before_the_first_signal_are_not_decided() -> None:
    """Metrics of the day before are evidence, not an incident: no decision is dated before the signal."""
    early = {**QUIET, "signal_count": 0, "has_minimum_context": False, "first_signal_at": None}
    row = decided(early, early, {**early, "signal_count": 1, "first_signal_at": START + 2 * MINUTE})
    assert (row["action"], row["moment"], row["time_to_decision_seconds"]) == ("ask", 3, 0)


def test_an_incident_that_never_signalled_is_decided_on_what_there_is() -> None:
    """Without any signal every moment counts."""
    row = decided({**QUIET, "signal_count": 0, "first_signal_at": None})
    assert (row["action"], row["moment"], row["time_to_decision_seconds"]) == ("watch", 1, None)


@pytest.mark.parametrize("states", [[], [{**RESTART, "known_at": START + 90 * MINUTE}]], ids=["none", "late"])
def test_an_incident_of_which_nothing_had_arrived_is_decided_on_the_blank_state(
    states: list[dict[str, Any]],
) -> None:
    """There is always exactly one decision: on the blank state, at moment 0, dated at the horizon."""
    row = decided(*states)
    assert (row["action"], row["basis"], row["moment"]) == ("hand_over", "standing", 0)
    assert row["decided_at"] == START + 60 * MINUTE
    assert row["missing_context"] == [
        "environment",
        "owner",
        "recent_change_data",
        "service_or_workload",
        "severity",
    ]
    assert row["hindsight_action"] == ("restart" if states else "hand_over")


def test_states_of_an_incident_that_nobody_recorded_are_refused() -> None:
    """A state without its incident would be decided and lost: it is an error that names it."""
    with pytest.raises(ContractError, match="incident inc-9 has states but is not in"):
        decide(history([{**QUIET, "incident_id": "inc-9"}]), mini())


STEP = st.sampled_from(
    [QUIET, ERRORS, RESTART, DRAIN, {**RESTART, "confidence": 50}, {**QUIET, "has_minimum_context": False}]
)
STEPS = st.lists(STEP, min_size=1, max_size=8)


def decided_together(histories: list[list[dict[str, Any]]], horizons: list[int]) -> dict[str, Any]:
    """Several incidents decided at once: their decisions and recommendations by incident."""
    named = [
        {**step, "incident_id": f"inc-{number}"} for number, steps in enumerate(histories) for step in steps
    ]
    incidents = [incident(f"inc-{number}", mitigated_at=horizon) for number, horizon in enumerate(horizons)]
    tables = decide(history(named, incidents), mini())
    found: dict[str, Any] = {
        row["incident_id"]: (row, {}) for row in tables["decision.decisions"].to_pylist()
    }
    for row in tables["decision.recommendations"].to_pylist():
        found[row["incident_id"]][1][row["moment"]] = row
    return found


@given(st.lists(st.tuples(STEPS, STEPS), min_size=12, max_size=12))
@settings(max_examples=5)
def test_evidence_after_the_horizon_never_changes_the_decision(
    histories: list[tuple[list[dict[str, Any]], list[dict[str, Any]]]],
) -> None:
    """Whatever arrives later, every field but hindsight stays the same."""
    horizons = [START + (len(before) - 1) * MINUTE for before, _ in histories]
    alone = decided_together([before for before, _ in histories], horizons)
    later = decided_together([before + after for before, after in histories], horizons)
    for incident_id, (row, _) in alone.items():
        assert {**row, "hindsight_action": ""} == {**later[incident_id][0], "hindsight_action": ""}


@given(st.lists(STEPS, min_size=25, max_size=25))
@settings(max_examples=5)
def test_the_record_agrees_with_its_definition(histories: list[list[dict[str, Any]]]) -> None:
    """First active moment, else the begin of the last unbroken run, found by walking moment by moment."""
    found = decided_together(histories, [START + 60 * MINUTE] * len(histories))
    for number, steps in enumerate(histories):
        row, changed = found[f"inc-{number}"]
        walked: list[dict[str, Any]] = []
        for moment in range(1, len(steps) + 1):
            walked.append(changed.get(moment, walked[-1] if walked else {}))
        active = [moment for moment, each in enumerate(walked, start=1) if each["action"] in mini().ladder]
        expected = active[0] if active else walked[-1]["moment"]
        later_actions = {each["action"] for each in walked[expected:]}
        assert (row["moment"], row["action"]) == (expected, walked[expected - 1]["action"])
        assert row["is_withdrawn"] == bool(active and later_actions - {row["action"]})
        assert row["revision_count"] == len(changed) - 1
