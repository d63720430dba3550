"""The proofs are tried on the states of a history, and a bundle that breaks one is found out."""

from __future__ import annotations

from simulator.checking.proofs import prove
from simulator.checking.trials import Trials
from tests.decision.deciding import mini

from ..worlds import edited, world
from .test_trials import CRASHING, GRADED, case, several


def test_the_proofs_hold_on_the_states_of_history_and_cases() -> None:
    """Every distinct state is moved along confidence and blast radius, and loses its context."""
    proved = prove(Trials.of(mini(), several(), [case("crash", **CRASHING, **GRADED)]))
    assert () == proved.broken
    assert proved.state_count > 5
    assert proved.cell_count > 10 * proved.state_count


def test_a_floor_lowered_on_a_higher_rung_is_seen_to_break_one() -> None:
    """Built past the compiler: where confidence falls below the pod's floor the node is drained instead."""
    bundle = edited(actions__drain__floor=30)
    states = {**CRASHING, "is_error_rate_over_policy": True, "error_rate_ppm": 90_000}
    proved = prove(Trials.of(bundle, world({"inc-1": [states]}), []))
    assert [
        "inc-1 at moment 1: confidence=40 gives restart (approval_required, app_owner), "
        "confidence=39 gives drain (approval_required, cloud_team)"
    ] == list(proved.broken)


def test_a_passive_action_of_another_option_is_seen_without_context() -> None:
    """Built past the compiler: a last resort that monitors although nothing is known."""
    proved = prove(Trials.of(edited(last_resorts__missing_context="watch"), several(), []))
    assert any("without minimum context watch (automatic) is left" in each for each in proved.broken)


def test_without_any_state_there_is_nothing_to_try() -> None:
    """Neither history nor cases: the proofs rest on the compiler alone."""
    proved = prove(Trials.of(mini(), None, []))
    assert (0, 0, ()) == (proved.state_count, proved.cell_count, proved.broken)
