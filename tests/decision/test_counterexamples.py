"""Counterexamples are solved for in the real playbook, and where there is none that is said as well."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from evidence.decision.counterexamples import STATES_MAX
from evidence.decision.inspection import Finding, Inspection, inspect_bundle
from evidence.decision.witnesses import ways_to

from .deciding import PLAYBOOKS, active, mini

NETWORK_POLICY = (
    "    auto_from: 90\n    auto_blast: 0\n    request: {kind: NetworkPolicy, operation: CREATE}\n"
)


@pytest.fixture
def edited(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Inspect a copy of v3 in which some texts are others."""

    def inspect(*edits: tuple[str, str]) -> Inspection:
        shutil.copytree(PLAYBOOKS, tmp_path, dirs_exist_ok=True)
        path = tmp_path / "v3" / "playbook.yaml"
        text = path.read_text()
        for old, new in edits:
            assert old in text
            text = text.replace(old, new)
        path.write_text(text)
        return inspect_bundle(tmp_path / "v3")

    return inspect


def only(inspection: Inspection) -> Finding:
    (finding,) = inspection.errors
    return finding


def test_a_floor_of_an_action_without_enough_points_is_refused_without_any_state(edited) -> None:  # type: ignore[no-untyped-def]
    """Nothing is searched for what cannot be there: the points say why."""
    inspection = edited(("floor: 70", "floor: 64"))
    assert "revoke_broad_permissions has floor 64, below 65" in only(inspection).what
    assert only(inspection).remedy.startswith(
        "No counterexample yet: all rules together give revoke_broad_permissions 20 of the 50 points"
    )
    assert 0 == inspection.states_tried


def test_two_floors_at_once_are_each_told_of(edited) -> None:  # type: ignore[no-untyped-def]
    """A counterexample for the action that can have its points, the reason for the one that cannot."""
    inspection = edited((f"floor: 60\n{NETWORK_POLICY}", f"floor: 50\n{NETWORK_POLICY}"))
    first, second = inspection.errors
    assert "No counterexample yet: all rules together give block_egress 30" in first.remedy
    assert "confidence=100 gives cordon_and_drain_node" in second.remedy
    assert "confidence=59 gives change_network_policy" in second.remedy
    assert inspection.states_tried < 100


@pytest.mark.parametrize(
    ("old", "new", "safer", "riskier"),
    [
        (
            "when: has_signal('KubeJobFailed')",
            "when: has_signal('KubeJobFailed') and confidence < 90",
            "confidence=100 gives keep_watching",
            "confidence=89 gives restart_failed_job",
        ),
        (
            "when: has_signal('KubeJobFailed')",
            "when: has_signal('KubeJobFailed') and confidence >= 70",
            "confidence=100 gives restart_failed_job",
            "confidence=69 gives scale_replica_set",
        ),
        (
            "when: severity >= 6",
            "when: confidence >= 70",
            "confidence=100 gives restart_stateless_pod (approval_required",
            "confidence=69 gives restart_stateless_pod (policy_gated",
        ),
        (
            "that: known(node)}",
            "that: known(node) and blast_radius < 3}",
            "blast_radius=0 gives cordon_and_drain_node",
            "blast_radius=3 gives hand_to_incident_commander",
        ),
        (
            "when: is_public_exposure\n",
            "when: is_public_exposure and seconds_since_change < 900\n",
            "seconds_since_change=899 gives close_public_exposure",
            "seconds_since_change=900 gives keep_watching",
        ),
    ],
    ids=["rule", "rule-that-hides-a-higher-rung", "escalation", "precondition", "ageing"],
)
def test_a_graded_column_shows_within_few_states(  # type: ignore[no-untyped-def]
    edited, old: str, new: str, safer: str, riskier: str
) -> None:
    """Along the column that is read, at the constant of the condition that reads it."""
    inspection = edited((old, new))
    assert f": {safer}" in only(inspection).remedy
    assert f", {riskier}" in only(inspection).remedy
    assert inspection.states_tried < 200


def test_where_no_state_shows_it_the_number_tried_is_said(edited) -> None:  # type: ignore[no-untyped-def]
    """An escalation where confidence is low only demands more: it is refused, and nothing shows it."""
    inspection = edited(("when: severity >= 6", "when: confidence < 40"))
    words = f"No counterexample among {inspection.states_tried:,} states tried"
    assert f"{words}; the proof above fails all the same" == only(inspection).remedy
    assert 0 < inspection.states_tried <= STATES_MAX


def test_many_faults_share_one_budget(edited) -> None:  # type: ignore[no-untyped-def]
    """However many conditions are wrong, no more states are decided than for one."""
    inspection = edited((" when: ", " when: confidence > 5 and "))
    assert len(inspection.errors) > 20
    assert 0 < inspection.states_tried <= STATES_MAX


def test_the_fewest_rules_that_are_enough_come_first() -> None:
    """No rule is in a set that is enough without it, and a rule that is asked for is in each."""
    ways = [[rule.id for rule in way] for way in ways_to(mini(), "restart")]
    assert [["errors", "crash-loop"]] == ways
    assert [] == ways_to(active(), "block_egress")
    including = ways_to(active(), "isolate_workload", "foreign-binary-executed")
    ids = [[rule.id for rule in way] for way in including]
    assert [
        ["foreign-binary-executed", "mining-in-a-workload"],
        ["foreign-binary-executed", "shell-over-the-network"],
    ] == ids
