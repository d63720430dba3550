"""Trials notice exactly what a replay of both bundles finds different, and what the cases say."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings

from evidence.decision import Bundle
from evidence.decision.cases import Case, CaseState
from simulator.checking.trials import Trials, Variant
from simulator.replays.replay import replay_history
from tests.decision.deciding import mini
from tests.decision.histories import MINUTE, START

from ..edits import bundles_near
from ..worlds import ERRORS_ONLY, RESTARTED, SURE, edited, world

GRADED = {"severity": 3, "confidence": 90}  # what a case gives, because nothing grades it
CRASHING = {**SURE, "signal_names": ["CrashLoop"]}
IN_PRODUCTION = {**CRASHING, "environment": "production", "is_stateful": None}
CHANGED = {
    **ERRORS_ONLY,
    "is_change_seen": True,
    "change_to_symptom_seconds": 300,
}


@cache
def several() -> duckdb.DuckDBPyConnection:
    """Incidents that take every way through the small bundle, one of them acted on half way."""
    return world(
        {
            "inc-1": [SURE, ERRORS_ONLY, RESTARTED],
            "inc-2": [CRASHING, {**CRASHING, "owner": None}],
            "inc-3": [SURE, IN_PRODUCTION],
            "inc-4": [CHANGED, {**CHANGED, "blast_radius": 9}],
            "inc-5": [{**SURE, "severity_alertmanager": None}, ERRORS_ONLY],
        },
        **{"inc-2": {"action_taken_at": START + MINUTE // 2}},
    )


def case(identity: str, **given_columns: object) -> CaseState:
    """A case, about whose expectation trials do not ask."""
    expect = {"action": "watch", "mode": "automatic"}
    made = Case.model_validate({"id": identity, "given": {}, "expect": expect})
    return CaseState(Path("cases.yaml"), made, given_columns)


@pytest.mark.slow
@given(bundles_near(mini(), edits_max=1))
@settings(max_examples=15)
def test_what_trials_notice_is_what_a_replay_finds(bundle: Bundle) -> None:
    """An incident is noticed exactly when its recommendations up to the horizon are others."""
    if bundle.grading.tick_minutes != mini().grading.tick_minutes:
        return
    partings = replay_history(several(), [mini(), bundle], pairs=[(0, 1)]).partings.to_pylist()
    expected = [row["incident_id"] for row in partings if row["is_path_changed"]]
    (noticed,) = Trials.of(mini(), several(), []).try_out([Variant(bundle)])
    assert expected == list(noticed.incident_ids)


def test_cases_notice_what_they_are_about() -> None:
    """A case notices a changed mode, and one about something else does not."""
    cases = [case("quiet"), case("restarted", **RESTARTED, **GRADED)]
    trials = Trials.of(mini(), None, cases)
    (noticed,) = trials.try_out([Variant(edited(actions__restart__mode="approval_required"))])
    assert ((), (1,)) == (noticed.incident_ids, noticed.cases)


def test_a_case_is_decided_by_the_columns_that_it_gives() -> None:
    """Another grading changes what is recorded, not what a case states to be so."""
    graded = edited(grading__thresholds__error_rate_ppm=95_000)
    trials = Trials.of(mini(), several(), [case("restarted", **RESTARTED, **GRADED)])
    (noticed,) = trials.try_out([Variant(graded)])
    assert (("inc-1", "inc-4", "inc-5"), ()) == (noticed.incident_ids, noticed.cases)


def test_more_variants_than_go_together_are_tried_in_order() -> None:
    """The answers come in the order asked for, whatever is tried together."""
    needs = [50, 1000] * 45
    variants = [Variant(edited(need=need)) for need in needs]
    reported: list[tuple[int, int]] = []
    noticed = Trials.of(mini(), several(), []).try_out(variants, lambda *done: reported.append(done))
    assert [need != 50 for need in needs] == [bool(each) for each in noticed]
    assert (90, 90) == reported[-1]


def test_variants_whose_conditions_do_not_fit_into_one_key_are_tried_apart() -> None:
    """A key has room for sixty clauses that add approvers; thirty variants bring ninety."""

    def also(of: int) -> list[dict[str, object]]:
        roles = ("app_owner", "incident_commander", "another")
        return [
            {"id": f"also-{at}", "when": f"pod_count >= {3 * of + at}", "approvers": [role]}
            for at, role in enumerate(roles)
        ]

    variants = [Variant(edited(actions__drain__also=also(of))) for of in range(30)]
    trials = Trials.of(mini(), several(), [])
    noticed = trials.try_out(variants)
    assert noticed == [trials.try_out([each])[0] for each in variants]
    assert any(noticed)


def test_moments_after_the_horizon_do_not_count() -> None:
    """What was recommended after somebody had acted is hindsight."""
    rows = Trials.of(mini(), several(), []).connection.execute(
        "select moment from trial_states where incident_id = 'inc-2'"
    )
    assert [(1,)] == rows.fetchall()
