"""What is published beside a decision: every option with its gates, verdicts, unknowns and addressees."""

from __future__ import annotations

from typing import Any

import pytest

from evidence.decision import decide
from evidence.decision.decide import decisions_of_record

from .deciding import mini
from .histories import DRAIN, ERRORS, QUIET, RESTART, history

DENIED = "Denied by policy even with approval: a node that runs a stateful workload is not drained."
IN_PRODUCTION = "escalation production: Production passes a policy check."


def tables_of(state: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {name: table.to_pylist() for name, table in decide(history([state]), mini()).items()}


def options_of(state: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["action"]: row for row in tables_of(state)["decision.option_scores"]}


def decision_of(state: dict[str, Any]) -> dict[str, Any]:
    (row,) = tables_of(state)["decision.decisions"]
    return row


def test_all_eight_options_are_shown_with_one_best_each() -> None:
    """Every action of the matrix is a row, every option has one best candidate, one action is chosen."""
    rows = tables_of(RESTART)["decision.option_scores"]
    assert {row["action"] for row in rows} == set(mini().actions)
    best = sorted(row["option"] for row in rows if row["is_best_of_option"])
    assert best == ["contain", "enrich", "escalate", "isolate", "monitor", "notify", "revoke", "rotate"]
    assert [row["action"] for row in rows if row["is_chosen"]] == ["restart"]


def test_effect_rung_and_gates_stay_apart() -> None:
    """The chosen action shows its points, its rung and each gate; its reasons are the rules' own."""
    row = options_of(RESTART)["restart"]
    assert (row["effect_points"], row["need_points"], row["rung"], row["target"]) == (50, 50, 1, "cart")
    gates = (
        "is_effective",
        "is_context_complete",
        "is_confidence_sufficient",
        "are_preconditions_met",
        "is_allowed_by_policy",
    )
    assert [row[gate] for gate in gates] == [True] * 5
    assert row["matched_rules"] == ["errors", "crash-loop"]
    assert decision_of(RESTART)["reasons"] == ["Errors are over policy.", "A pod keeps failing."]


@pytest.mark.parametrize(
    ("state", "action", "gate", "lost"),
    [
        (QUIET, "restart", "is_effective", "No rule that matched supports it."),
        (ERRORS, "restart", "is_effective", "Its 30 points do not reach the 50 that it needs."),
        (
            {**RESTART, "has_minimum_context": False, "missing_context": ["owner"]},
            "restart",
            "is_context_complete",
            "The minimum context is incomplete: owner.",
        ),
        (
            {**DRAIN, "confidence": 50},
            "drain",
            "is_confidence_sufficient",
            "Confidence 50 is below its floor of 60.",
        ),
        (
            {**RESTART, "is_stateful": None},
            "restart",
            "are_preconditions_met",
            "Not known to be true: workload-is-stateless.",
        ),
        ({**DRAIN, "is_stateful": True}, "drain", "is_allowed_by_policy", DENIED),
        (RESTART, "drain", None, "restart is enough and less risky (rung 1 against 2)."),
        (RESTART, "gather", None, "restart is enough and admissible, so that something can be done."),
        (
            {**DRAIN, "is_stateful": True, "confidence": 30},
            "draft",
            None,
            "hand_over has as many points and involves more people.",
        ),
        ({**ERRORS, "confidence": 30}, "hand_over", "is_chosen", ""),
        (
            {**DRAIN, "is_stateful": True, "has_minimum_context": False},
            "draft",
            "is_admissible",
            "With incomplete context only enrich and escalate are left.",
        ),
    ],
)
def test_a_loser_says_at_which_gate_it_lost(
    state: dict[str, Any], action: str, gate: str | None, lost: str
) -> None:
    """One sentence per loser names the first gate that it failed, with the figures."""
    row = options_of(state)[action]
    if gate == "is_chosen":
        assert row["is_chosen"]
    elif gate:
        assert not row[gate]
    assert row["lost_because"] == lost


def test_a_preferred_action_that_policy_denies_is_shown_as_aborted() -> None:
    """Policy alone kept the drain from being chosen, and the decision says so."""
    row = decision_of({**DRAIN, "is_stateful": True})
    assert (row["is_aborted_by_policy"], row["preferred_action"]) == (True, "drain")
    assert decision_of(DRAIN)["is_aborted_by_policy"] is False


def test_the_fallbacks_are_bounded() -> None:
    """Refused → escalate; some support → enrich; context missing → ask; nothing → watch."""
    assert (
        decision_of({**RESTART, "is_stateful": None, "is_error_rate_over_policy": None})["action"]
        == "hand_over"
    )
    assert (
        decision_of({**QUIET, "signal_names": ["CrashLoop"], "is_stateful": False, "confidence": 50})[
            "action"
        ]
        == "gather"
    )
    assert decision_of({**QUIET, "has_minimum_context": False})["action"] == "ask"
    assert decision_of(QUIET)["action"] == "watch"


@pytest.mark.parametrize(
    ("change", "mode", "reasons", "approvers"),
    [
        ({}, "automatic", [], []),
        ({"confidence": 50}, "approval_required", ["confidence is below 60"], ["app_owner"]),
        ({"blast_radius": 4}, "approval_required", ["blast radius is above 3 or unknown"], ["app_owner"]),
        ({"blast_radius": None}, "approval_required", ["blast radius is above 3 or unknown"], ["app_owner"]),
        ({"environment": "production"}, "policy_gated", [IN_PRODUCTION], ["app_owner"]),
        ({"environment": None}, "policy_gated", [IN_PRODUCTION], ["app_owner"]),
    ],
)
def test_a_raised_mode_says_what_raised_it(
    change: dict[str, Any], mode: str, reasons: list[str], approvers: list[str]
) -> None:
    """The strictest demand wins; each demand above the matrix's default is named."""
    row = decision_of({**RESTART, **change})
    assert (row["mode"], row["mode_reasons"], row["approvers"]) == (mode, reasons, approvers)


def test_a_policy_that_wants_approval_raises_the_mode() -> None:
    """Draining in production is denied without approval only, and the roles of the also clause join."""
    row = decision_of({**DRAIN, "environment": "production"})
    assert (row["mode"], row["approvers"]) == ("approval_required", ["cloud_team", "incident_commander"])
    assert row["mode_reasons"] == ["policy node_drain allows it only with approval"]
    assert row["approver_contacts"] == ["cloud desk", "commander desk"]


def test_every_active_action_has_every_policys_verdict() -> None:
    """One row per active action and policy, with what it said and which inputs were unknown."""
    rows = tables_of({**DRAIN, "is_stateful": None})["decision.policy_verdicts"]
    assert {(row["action"], row["policy"]) for row in rows} == {
        (name, "node_drain") for name in mini().ladder
    }
    (drain,) = (row for row in rows if row["action"] == "drain")
    assert drain["verdict"] == "denied"
    assert drain["unknown_inputs"] == ["is_stateful"]
    assert drain["messages"] == [
        "a node that runs a stateful workload is not drained",
        "whether a workload on the node keeps state is unknown",
    ]


def test_a_missing_owner_is_addressed_to_the_fallback_and_says_so() -> None:
    """Nobody known to own the service: the fallback is the contact, with the reason."""
    row = decision_of({**RESTART, "confidence": 50})
    assert row["approver_contacts"] == ["commander desk (fallback: no owner is known)"]
    owned = decision_of({**RESTART, "confidence": 50, "owner": "payments"})
    assert owned["approver_contacts"] == ["payments lead"]


def test_unknowns_are_what_kept_a_rule_or_gate_from_being_judged() -> None:
    """A rule that half holds names its missing column; a rule that cannot hold names none."""
    assert decision_of(ERRORS)["unknowns"] == ["change_to_symptom_seconds", "is_change_seen", "is_stateful"]
    assert decision_of({**ERRORS, "is_change_seen": False, "is_stateful": False})["unknowns"] == []
    assert decision_of(QUIET)["unknowns"] == []


def test_severity_confidence_and_impact_are_published_apart() -> None:
    """Three columns of the state are three columns of the decision."""
    row = decision_of({**RESTART, "severity": 4, "impact": 70})
    assert (row["severity"], row["confidence"], row["impact"]) == (4, 85, 70)


def test_candidates_agree_with_the_code_of_the_decision() -> None:
    """The published mode and approvers of the chosen action are those that the kernel decided."""
    for state in (RESTART, DRAIN, {**DRAIN, "environment": "production"}, ERRORS, QUIET):
        (decision,) = decisions_of_record(history([state]), mini())
        chosen, decided = decision.chosen, decision.recommendation
        assert (chosen.name, chosen.mode, chosen.approvers) == (
            decided.action,
            decided.mode,
            decided.approvers,
        )
