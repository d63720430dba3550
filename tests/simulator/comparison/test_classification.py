"""Each class of change is found where it is, and only there."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from evidence.decision import Bundle
from simulator.comparison.classification import CLASSES, classify
from simulator.weakening.findings import Finding
from simulator.weakening.weakenings import weakenings
from tests.decision.deciding import mini
from tests.decision.histories import MINUTE

from ..worlds import ERRORS_ONLY, RESTARTED, SURE, edited, world


def classed(
    connection: duckdb.DuckDBPyConnection, candidate: Bundle, baseline: Bundle | None = None
) -> dict[str, dict[str, Any]]:
    """The rows of the classes' table by incident."""
    classify(connection, (baseline or mini(), candidate))
    rows = connection.sql(f"from {CLASSES} order by incident_id").to_arrow_table().to_pylist()
    return {row["incident_id"]: row for row in rows}


def one(
    candidate: Bundle, *states: dict[str, Any], baseline: Bundle | None = None, **columns: Any
) -> dict[str, Any]:
    return classed(world({"inc-1": list(states)}, **{"inc-1": columns}), candidate, baseline)["inc-1"]


def test_a_bundle_compared_with_itself_changes_nothing() -> None:
    """No incident has a class, a changed decision or a changed path."""
    connection = world({"inc-1": [SURE, RESTARTED], "inc-2": [ERRORS_ONLY]})
    found = classed(connection, mini())
    assert [("inc-1", False, False, []), ("inc-2", False, False, [])] == [
        (name, row["is_decision_changed"], row["is_path_changed"], row["classes"])
        for name, row in found.items()
    ]


def test_less_approval_for_the_same_action_is_approval_weakening() -> None:
    """The baseline demands an approval that the candidate no longer asks for."""
    baseline = edited(actions__restart__mode="approval_required")
    row = one(mini(), RESTARTED, baseline=baseline)
    assert ["approval-weakening"] == row["classes"]
    assert (2, ["app_owner"]) == (row["demanded_mode"], row["demanded_approvers"])


def test_another_action_is_measured_against_what_the_baseline_demands_for_it() -> None:
    """A riskier action is a weakening only where the baseline would have asked for more approval for it."""
    unneeded = edited(rules__1__supports__restart=None, rules__2__supports__restart=None)
    assert ["riskier"] == one(unneeded, RESTARTED)["classes"]
    looser = edited(unneeded, actions__drain__mode="automatic")
    assert ["approval-weakening", "riskier"] == one(looser, RESTARTED)["classes"]


def test_a_missing_role_is_approval_weakening() -> None:
    """The mode is the same, but one who had to agree is no longer asked."""
    baseline = edited(
        actions__restart__mode="approval_required", actions__restart__approvers=["app_owner", "cloud_team"]
    )
    candidate = edited(actions__restart__mode="approval_required")
    assert ["approval-weakening"] == one(candidate, RESTARTED, baseline=baseline)["classes"]
    assert ["approval-strengthening"] == one(baseline, RESTARTED, baseline=candidate)["classes"]


def test_another_role_is_approval_weakening_on_an_incident_and_in_the_bundles() -> None:
    """As many are asked, and yet one who had to agree is not: both say so."""
    baseline = edited(actions__restart__mode="approval_required")
    candidate = edited(baseline, actions__restart__approvers=["cloud_team"])
    assert ["approval-weakening"] == one(candidate, RESTARTED, baseline=baseline)["classes"]
    (found,) = weakenings(baseline, candidate)
    assert (Finding.APPROVAL_REMOVED, "restart asks cloud_team instead of app_owner") == (
        found.finding,
        found.what,
    )


def test_an_action_that_policy_denied_before_is_approval_weakening() -> None:
    """Denied is stricter than every approval."""
    stateful = {**RESTARTED, "is_stateful": True}
    baseline = edited(
        actions__restart__needs=[], rules__1__supports__restart=None, rules__2__supports__restart=None
    )
    candidate = Bundle("candidate", baseline.playbook, baseline.approvers, (), baseline.detections)
    row = one(candidate, stateful, baseline=baseline)
    assert ("drain", 3) == (row["candidate_action"], row["demanded_mode"])
    assert ["approval-weakening", "riskier"] == row["classes"]
    assert ["aborted-by-policy", "safer"] == one(baseline, stateful, baseline=candidate)["classes"]


def test_more_approval_is_approval_strengthening() -> None:
    """The same action, for which more is asked."""
    row = one(edited(actions__restart__mode="policy_gated"), RESTARTED)
    assert ["approval-strengthening"] == row["classes"]


def test_less_reach_is_safer_and_more_is_riskier() -> None:
    """Reach and undo of the two actions, each by its own bundle's matrix."""
    without = edited(rules__1__supports__restart=None, rules__2__supports__restart=None)
    assert ["safer"] == one(mini(), RESTARTED, baseline=without)["classes"]
    assert ["riskier"] == one(without, RESTARTED)["classes"]


def test_passive_actions_beside_each_other_are_lateral() -> None:
    """Neither changes anything."""
    row = one(edited(rules__1__supports__hand_over=40), ERRORS_ONLY)
    assert ("gather", "hand_over") == (row["baseline_action"], row["candidate_action"])
    assert ["lateral"] == row["classes"]


def test_the_same_decision_at_another_time_is_timing() -> None:
    """The candidate waits for the second signal before it does the same."""
    later = {**RESTARTED, "impacted_route_count": 2}
    row = one(
        edited(rules__2__when="has_signal('CrashLoop') and impacted_route_count >= 2"), RESTARTED, later
    )
    assert ("restart", "restart") == (row["baseline_action"], row["candidate_action"])
    assert MINUTE == row["candidate_decided_at"] - row["baseline_decided_at"]
    assert ["timing"] == row["classes"]


def test_another_path_to_the_same_decision_is_told_apart() -> None:
    """The decision is the same at the same time; on the way something else was recommended."""
    row = one(edited(rules__1__supports__hand_over=40), ERRORS_ONLY, RESTARTED)
    assert (False, True, []) == (row["is_decision_changed"], row["is_path_changed"], row["classes"])
    assert row["parted_at"] is not None


@pytest.mark.parametrize(
    ("expected", "effect"),
    [("escalate", "fixes"), ("enrich", "regresses"), ("revoke", "still-wrong"), (None, "unlabelled")],
)
def test_a_change_is_held_against_the_reviewers_label(expected: str | None, effect: str) -> None:
    """From gather (enrich) to hand over (escalate), by what the reviewer says would have been right."""
    candidate = edited(rules__1__supports__hand_over=40)
    assert effect == one(candidate, ERRORS_ONLY, label_expected_option=expected)["label_effect"]


def test_no_change_that_agrees_with_the_label_is_still_right() -> None:
    """Agreement is told for unchanged decisions too, for the summary counts them."""
    assert "still-right" == one(mini(), ERRORS_ONLY, label_expected_option="enrich")["label_effect"]
