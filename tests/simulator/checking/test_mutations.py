"""Mutants are real, small and complete; what is claimed of them holds; the score counts what was noticed."""

from __future__ import annotations

import random
from functools import cache

import pytest

from evidence.decision import Bundle
from evidence.decision.cells import cut_values
from evidence.decision.condition_parser import parse_condition
from evidence.decision.condition_text import condition_text
from simulator.checking.condition_mutants import alterations, stepped
from simulator.checking.mutant_model import Kind, Mutant
from simulator.checking.mutants import mutants
from simulator.checking.mutations import Outcome, changes_in_words, mutate
from simulator.checking.point_mutants import point_steps
from simulator.checking.trials import Trials, Variant
from tests.decision.deciding import active, decided, mini

from ..worlds import RESTARTED, SURE, edited, world
from .test_trials import CHANGED, CRASHING, GRADED, case, several


@cache
def made() -> list[Mutant]:
    return mutants(mini())


def of_clause(clause: str) -> list[tuple[str, str]]:
    return [(each.old, each.new) for each in made() if each.site.clause == clause]


def altered(text: str) -> list[str]:
    return [condition_text(each.condition) for each in alterations(parse_condition(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("severity >= 5", ["severity > 5", "severity >= 4", "severity >= 6"]),
        ("owner = 'a'", ["owner <> 'a'"]),
        ("not is_mfa", ["is_mfa"]),
        ("known(owner)", []),
        (
            "change_to_symptom_seconds between 0 and 900",
            [
                "change_to_symptom_seconds between -1 and 900",
                "change_to_symptom_seconds between 1 and 900",
                "change_to_symptom_seconds between 0 and 810",
                "change_to_symptom_seconds between 0 and 990",
            ],
        ),
        ("environment in ('test', 'staging')", ["environment in ('staging')", "environment in ('test')"]),
        (
            "is_mfa and not is_stateful and known(owner)",
            [
                "not is_stateful and known(owner)",
                "is_mfa and is_stateful and known(owner)",
                "is_mfa and known(owner)",
                "is_mfa and not is_stateful",
                "is_mfa or not is_stateful and known(owner)",
                "is_mfa and not is_stateful or known(owner)",
            ],
        ),
        (
            "is_mfa or is_stateful",
            ["is_stateful", "is_mfa", "is_mfa and is_stateful"],
        ),
        (
            "not (is_mfa or is_stateful)",
            [
                "is_mfa or is_stateful",
                "not is_stateful",
                "not is_mfa",
                "not (is_mfa and is_stateful)",
            ],
        ),
    ],
)
def test_a_condition_is_altered_in_one_place_at_a_time(text: str, expected: list[str]) -> None:
    """Operators, connectives, negations, parts and figures, each once, in order of place."""
    assert expected == altered(text)


def test_a_figure_moves_by_a_tenth_and_at_least_by_one() -> None:
    """A step is small for small figures and does not stay too small to see for large ones."""
    assert [(-1, 1), (6, 8), (45, 55), (45_000, 55_000), (-33, -27)] == [
        stepped(figure) for figure in (0, 7, 50, 50_000, -30)
    ]


def test_points_move_by_the_least_that_can_matter() -> None:
    """Restarting needs both its rules: 30 + 20 = 50. Less of one is too little, 50 of one is enough."""
    errors, crash = mini().rules[1], mini().rules[2]
    assert [29, 50] == point_steps(mini(), errors, "restart")
    assert [19, 50] == point_steps(mini(), crash, "restart")
    assert [49] == point_steps(mini(), crash, "drain")


@pytest.mark.parametrize("action", ["restart", "drain", "gather"])
def test_a_smaller_step_of_points_changes_nothing(action: str) -> None:
    """Between the points and the steps every state is decided alike."""
    points = mini().rules[1].supports[action]
    states = random_states(mini(), 300)
    before = decided(mini(), states)
    for figure in point_steps(mini(), mini().rules[1], action):
        for between in {figure + 1, points - 1} if figure < points else {figure - 1, points + 1}:
            if min(figure, points) < between < max(figure, points):
                assert before == decided(edited(**{f"rules__1__supports__{action}": between}), states)


def test_every_kind_of_clause_is_mutated() -> None:
    """Thresholds, gates, need, conditions, points, modes, approvers, escalations, also clauses, policies."""
    clauses = {each.site.clause for each in made()}
    assert {
        "threshold of error_rate_ppm",
        "need",
        "floor of drain",
        "auto_from of drain",
        "auto_blast of drain",
        "rule errors-after-a-change",
        "rule errors, points of restart",
        "precondition roll_back.change-is-correlated",
        "also drain.in-production",
        "mode of restart",
        "approvers of drain",
        "also in-production of drain",
        "escalation production",
        "mode of escalation production",
        "policy node_drain",
    } <= clauses
    assert set(Kind) == {each.site.kind for each in made()}


def test_modes_are_lowered_and_raised_by_one() -> None:
    """What is gated becomes automatic or needs approval; what is automatic can only rise."""
    assert [("policy_gated", "automatic"), ("policy_gated", "approval_required")] == of_clause(
        "mode of drain"
    )
    assert [("automatic", "policy_gated")] == of_clause("mode of restart")


def test_what_could_not_be_loaded_is_refused() -> None:
    """A floor below that of a lower rung, an active action without approvers, a rule without points."""
    refused = {(each.site.clause, each.old, each.new) for each in made() if each.bundle is None}
    assert {
        ("approvers of restart", "app_owner", ""),
        ("rule stateful-crash, points of draft", "10", ""),
        ("auto_from of revoke", "60", "54"),
        ("floor of roll_back", "60", "54"),
        ("floor of roll_back", "60", "66"),
    } <= refused
    assert ("floor of restart", "40", "44") not in refused


def test_a_mutated_condition_that_cannot_hold_is_refused() -> None:
    """Moving one end past the other leaves no state, and no such rule is loaded."""
    bundle = edited(rules__3__when="severity >= 6 and is_stateful")
    changed = [each for each in mutants(bundle) if each.site.clause == "rule stateful-crash"]
    assert [("severity >= 6", "> 6")] == [
        (each.old, each.new) for each in changed if each.bundle is None and each.new != ">= 7"
    ]


def random_states(bundle: Bundle, count: int) -> list[dict[str, object]]:
    """States cut at the bundle's own constants, always the same."""
    chance, cuts = random.Random(7), cut_values(bundle)
    states = [{name: chance.choice(values) for name, values in cuts.items()} for _ in range(count)]
    for state in states:
        state |= {"has_minimum_context": chance.random() > 0.1}
        state |= {
            "confidence": chance.choice((20, 45, 60, 75, 100)),
            "blast_radius": chance.choice((0, 2, None)),
        }
    return states


def test_mutants_set_aside_as_alike_decide_alike() -> None:
    """No sampled state tells them from the bundle."""
    bundle = edited(
        actions__drain__mode="approval_required",
        rules__3__when="has_signal('CrashLoop') and is_stateful and pod_count >= 0",
    )
    states = random_states(bundle, 400)
    alike = [each for each in mutants(bundle) if each.is_alike]
    before = decided(bundle, states)
    assert {"auto_from of drain", "auto_blast of drain", "rule stateful-crash"} <= {
        each.site.clause for each in alike
    }
    assert [] == [each.site for each in alike if each.bundle and decided(each.bundle, states) != before]


def test_a_mutant_differs_only_where_it_says() -> None:
    """Tried on every state a mutant is noticed where it is when tried on those that it names."""
    cases = [case("crash", **CRASHING, **GRADED), case("changed", **CHANGED, **GRADED), case("quiet", **SURE)]
    trials = Trials.of(mini(), several(), cases)
    tried = [each for each in made() if each.bundle is not None]
    named = trials.try_out([Variant(each.bundle, each.site.where) for each in tried if each.bundle])
    everywhere = trials.try_out([Variant(each.bundle) for each in tried if each.bundle])
    assert [] == [
        (each.site.clause, each.old, each.new)
        for each, narrow, wide in zip(tried, named, everywhere, strict=True)
        if narrow != wide
    ]
    assert sum(map(bool, everywhere)) > len(tried) // 4


@pytest.mark.slow
def test_a_mutant_of_the_active_playbook_differs_only_where_it_says() -> None:
    """The same for the playbook that production decides by, around its own cases."""
    from tests.decision.deciding import ROOT, cases_of

    trials = Trials.of(active(), several(), cases_of(ROOT / "playbooks" / "v3"))
    tried = [each for each in mutants(active()) if each.bundle is not None]
    named = trials.try_out([Variant(each.bundle, each.site.where) for each in tried if each.bundle])
    everywhere = trials.try_out([Variant(each.bundle) for each in tried if each.bundle])
    assert named == everywhere


def test_the_score_counts_what_history_or_a_case_notices() -> None:
    """A case more notices what history alone passed over; refused and alike mutants do not count."""
    history = world({"inc-1": [SURE, RESTARTED]})
    alone = mutate(Trials.of(mini(), history, []))
    with_case = mutate(Trials.of(mini(), history, [case("changed", **CHANGED, **GRADED)]))
    assert alone.score().decidable == with_case.score().decidable
    assert (0, True) == (alone.count(Outcome.BY_CASES), with_case.count(Outcome.BY_CASES) > 0)
    assert alone.score().noticed + with_case.count(Outcome.BY_CASES) == with_case.score().noticed
    total = sum(with_case.count(outcome) for outcome in Outcome)
    assert len(made()) == total
    assert sum(with_case.score(kind).decidable for kind in Kind) == with_case.score().decidable


def test_unnoticed_changes_are_told_by_clause() -> None:
    """Nothing rolls back in this history, so that its gates may be anything."""
    unnoticed = mutate(Trials.of(mini(), world({"inc-1": [SURE, RESTARTED]}), [])).unnoticed
    told = {among[0].site.clause: changes_in_words(among) for among in unnoticed}
    assert ["70 -> 63, 77"] == told["auto_from of roll_back"]
    assert ["50 -> 49, none"] == told["rule errors-after-a-change, points of roll_back"]
    assert "without is_change_seen" in told["rule errors-after-a-change"]
    assert "mode of restart" not in told
