"""Two bundles differ in clauses, and any of these clauses can be taken over by themselves."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.decision import Bundle, load_bundle
from evidence.decision.matrix import Mode, Request
from simulator.bundles.bundle_parts import merged_order
from simulator.bundles.clauses import Clause, ClauseKind, differences, hybrid

from ...decision.deciding import ROOT, active, decided, mini
from ..edits import EDITS, bundles_near, edited, with_action, with_playbook, with_rule

QUIET = {"signal_count": 1, "has_minimum_context": True, "confidence": 100, "blast_radius": 0}
ERRORS = {**QUIET, "is_error_rate_over_policy": True, "signal_names": ["CrashLoop"], "is_stateful": False}


def only(baseline: Bundle, candidate: Bundle) -> Clause:
    (clause,) = differences(baseline, candidate)
    return clause


def ids(baseline: Bundle, candidate: Bundle) -> list[str]:
    return [clause.id for clause in differences(baseline, candidate)]


def taken(baseline: Bundle, candidate: Bundle, *names: str) -> Bundle:
    clauses = {clause.id: clause for clause in differences(baseline, candidate)}
    return hybrid(baseline, candidate, [clauses[name] for name in names])


def sectioned(**fields: Any) -> Bundle:
    return with_playbook(mini(), **fields)


@settings(max_examples=200)
@given(bundles_near(mini()), bundles_near(mini()))
def test_no_clause_gives_the_baseline_and_all_give_the_candidate(baseline: Bundle, candidate: Bundle) -> None:
    """However two bundles differ, their clauses are the whole difference."""
    clauses = differences(baseline, candidate)
    assert len(clauses) == len({clause.id for clause in clauses})
    assert (clauses == ()) is (baseline.digest == candidate.digest)
    assert baseline.digest == hybrid(baseline, candidate, ()).digest
    assert candidate.digest == hybrid(baseline, candidate, clauses).digest


@settings(max_examples=25)
@given(bundles_near(mini()), bundles_near(mini()), st.integers(0, 1000))
def test_every_hybrid_can_be_decided(baseline: Bundle, candidate: Bundle, seed: int) -> None:
    """Whatever is taken over without what it refers to, the kernel gives exactly one decision."""
    clauses = [
        each for each in differences(baseline, candidate) if random.Random(f"{seed}{each.id}").random() < 0.5
    ]
    mixture = hybrid(baseline, candidate, clauses)
    assert len(decided(mixture, [QUIET, ERRORS, {}])) == 3


@settings(max_examples=60)
@given(bundles_near(mini()), bundles_near(mini()), st.integers(0, 1000))
def test_a_hybrid_differs_from_both_in_what_was_taken(baseline: Bundle, candidate: Bundle, seed: int) -> None:
    """Taking the rest as well leads from any hybrid without void parts to the candidate."""
    clauses = differences(baseline, candidate)
    part = [each for each in clauses if random.Random(f"{seed}{each.id}").random() < 0.5]
    mixture = hybrid(baseline, candidate, part)
    rest = differences(mixture, candidate)
    assert candidate.digest == hybrid(mixture, candidate, rest).digest


@pytest.mark.parametrize("versions", [("v1", "v3"), ("v3", "v1"), ("v2", "v3")])
def test_shipped_versions_differ_in_clauses_with_names_of_their_own(versions: tuple[str, str]) -> None:
    """Between the shipped versions, too, no clause gives one version and all give the other."""
    baseline, candidate = (load_bundle(ROOT / "playbooks" / name) for name in versions)
    clauses = differences(baseline, candidate)
    assert len(clauses) == len({clause.id for clause in clauses})
    assert candidate.digest == hybrid(baseline, candidate, clauses).digest


def test_a_clause_says_what_was_and_what_is() -> None:
    """One cell of the matrix changed is one clause, with its old and its new value."""
    candidate = with_action(active(), "isolate_workload", floor=55)
    expected = Clause(
        id="actions.isolate_workload.floor",
        kind=ClauseKind.MATRIX,
        old="50",
        new="55",
        can_decide=True,
        path=("actions", "isolate_workload", "floor"),
    )
    assert expected == only(active(), candidate)


def test_the_points_of_a_rule_for_an_action_are_a_clause() -> None:
    """Points that are added, changed or removed are told apart cell by cell."""
    candidate = with_rule(mini(), 1, supports={"restart": 35, "gather": 10, "draft": 5})
    found = [(clause.id, clause.kind, clause.old, clause.new) for clause in differences(mini(), candidate)]
    assert found == [
        ("rules.errors.supports.restart", ClauseKind.POINTS, "30", "35"),
        ("rules.errors.supports.drain", ClauseKind.POINTS, "20", None),
        ("rules.errors.supports.draft", ClauseKind.POINTS, None, "5"),
    ]


def test_a_rule_that_only_one_bundle_has_is_one_clause() -> None:
    """Added and removed rules, actions, escalations and policies are not taken apart."""
    candidate = sectioned(rules=mini().rules[1:], escalations=())
    candidate = Bundle("candidate", candidate.playbook, candidate.approvers, (), candidate.detections)
    assert ids(mini(), candidate) == [
        "escalations.production",
        "rules.errors-after-a-change",
        "policies.node_drain",
    ]


def test_words_cannot_decide() -> None:
    """Reasons, contacts, guardrails, targets and the like never turn a decision."""
    action = with_action(mini(), "drain", reason="Other words.", target=("node", "service"))
    candidate = with_rule(action, 0, because="Other words.")
    roles = {**mini().approvers.roles, "cloud_team": mini().approvers.roles["incident_commander"]}
    approvers = mini().approvers.model_copy(update={"roles": roles})
    candidate = Bundle("candidate", candidate.playbook, approvers, candidate.policies, candidate.detections)
    found = {clause.id: clause.can_decide for clause in differences(mini(), candidate)}
    assert found == {
        "actions.drain.reason": False,
        "actions.drain.target": False,
        "rules.errors-after-a-change.because": False,
        "approvers.cloud_team.title": False,
        "approvers.cloud_team.contact": False,
    }


def test_an_action_that_begins_to_act_is_exchanged_as_a_whole() -> None:
    """A passive action has no gates that could be mixed with those of an active one."""
    candidate = sectioned(actions={**mini().actions, "draft": mini().actions["restart"]})
    assert ids(mini(), candidate) == ["actions.draft"]


def test_only_what_order_does_not_follow_from_the_rest_is_a_clause() -> None:
    """An insertion changes no order; an exchange of two places does, and only that of actions can decide."""
    names = list(mini().actions)
    swapped = {name: mini().actions[name] for name in (names[1], names[0], *names[2:])}
    assert ids(mini(), sectioned(rules=(mini().rules[0], *mini().rules[2:]))) == ["rules.errors"]
    assert [("order.actions", True)] == [
        (clause.id, clause.can_decide) for clause in differences(mini(), sectioned(actions=swapped))
    ]
    assert [("order.rules", False)] == [
        (clause.id, clause.can_decide) for clause in differences(mini(), sectioned(rules=mini().rules[::-1]))
    ]


def test_policies_differ_by_what_they_say() -> None:
    """Another source is a difference, another test case of the same policy is none."""
    (policy,) = mini().policies
    declaration = policy.declaration.model_copy(update={"cases": policy.declaration.cases[:1]})
    fewer_cases = type(policy)(policy.name, policy.source, declaration)
    other_source = type(policy)(policy.name, policy.source + "\n# A comment.\n", policy.declaration)
    candidates = [
        Bundle("c", mini().playbook, mini().approvers, (each,)) for each in (fewer_cases, other_source)
    ]
    assert [[], ["policies.node_drain"]] == [ids(mini(), each) for each in candidates]


def test_points_for_an_absent_action_are_void() -> None:
    """A rule taken without the action that it supports gives its points to the others alone."""
    added = sectioned(actions={**mini().actions, "restart_again": mini().actions["restart"]})
    candidate = with_rule(added, 2, supports={"restart_again": 100, "gather": 5})
    without = taken(mini(), candidate, "rules.crash-loop.supports.restart_again")
    assert "restart_again" not in without.actions
    assert without.digest == mini().digest
    both = taken(mini(), candidate, "rules.crash-loop.supports.restart_again", "actions.restart_again")
    assert both.rules[2].supports["restart_again"] == 100


def test_a_last_resort_that_is_not_there_leaves_the_old_one() -> None:
    """Renaming a last resort is three clauses; two of them alone change nothing about it."""
    renamed = {("look_on" if name == "watch" else name): action for name, action in mini().actions.items()}
    resorts = mini().playbook.last_resorts.model_copy(update={"monitor": "look_on"})
    candidate = sectioned(actions=renamed, last_resorts=resorts)
    assert ids(mini(), candidate) == ["last_resorts.monitor", "actions.look_on", "actions.watch"]
    for names in (["last_resorts.monitor"], ["actions.watch"], ["last_resorts.monitor", "actions.watch"]):
        mixture = taken(mini(), candidate, *names)
        assert (names, "watch") == (names, mixture.playbook.last_resorts.monitor)
        assert "watch" in mixture.actions
    assert (
        taken(mini(), candidate, "last_resorts.monitor", "actions.look_on").playbook.last_resorts.monitor
        == "look_on"
    )
    assert (
        taken(mini(), candidate, "actions.look_on", "actions.watch").playbook.last_resorts.monitor
        == "look_on"
    )


def test_also_clauses_beyond_the_limit_are_exchanged_together() -> None:
    """An action has at most three; where two bundles have more between them they are one clause."""
    also = mini().actions["drain"].also[0]
    others = tuple(also.model_copy(update={"id": f"other-{n}"}) for n in range(3))
    assert ids(mini(), with_action(mini(), "drain", also=(also, *others[:2]))) == [
        "actions.drain.also.other-0",
        "actions.drain.also.other-1",
    ]
    assert ids(mini(), with_action(mini(), "drain", also=others)) == ["actions.drain.also"]


def test_a_hybrid_is_named_after_what_it_is_made_of() -> None:
    """People see that it is no version of theirs."""
    candidate = with_action(
        mini(), "drain", mode=Mode.AUTOMATIC, request=Request(kind="Pod", operation="UPDATE")
    )
    assert taken(mini(), candidate, "actions.drain.mode").name == "mini with 1 of edited's clauses"


def test_every_kind_of_clause_is_told() -> None:
    """The random edits of these tests reach every kind of clause but the title's and those of detections."""
    kinds = set()
    for edit in EDITS:
        for seed in range(40):
            kinds |= {clause.kind for clause in differences(mini(), edited(mini(), [(edit, seed)]))}
    assert set(ClauseKind) - kinds == {ClauseKind.TITLE, ClauseKind.DETECTION}


@given(st.permutations("abcdef"), st.permutations("abcdef"), st.integers(0, 63), st.integers(0, 63))
def test_merged_order_keeps_the_first_and_where_they_agree_the_second(
    first: list[str], second: list[str], left: int, right: int
) -> None:
    """What only the second has stands behind its predecessor, so that nothing agreed upon is reordered."""
    first = [name for place, name in enumerate(first) if left >> place & 1]
    second = [name for place, name in enumerate(second) if right >> place & 1]
    merged = merged_order(tuple(first), tuple(second))
    shared = [name for name in second if name in first]
    assert sorted(merged) == sorted({*first, *second})
    assert [name for name in merged if name in first] == first
    if [name for name in first if name in second] == shared:
        assert [name for name in merged if name in second] == second


def test_a_rule_that_only_gets_another_name_decides_nothing() -> None:
    """It goes and it comes, which is said of both; with any other difference it is another rule."""
    renamed = with_rule(mini(), 1, id="other-name")
    old = mini().rules[1].id
    said = [(each.id, each.old, each.new, each.can_decide) for each in differences(mini(), renamed)]
    words = (f"named {old}", "named other-name, else the same", False)
    assert sorted([(f"rules.{old}", *words), ("rules.other-name", *words)]) == sorted(said)
    assert renamed.digest == hybrid(mini(), renamed, differences(mini(), renamed)).digest
    other = with_rule(renamed, 1, because="Other words.")
    assert {True} == {each.can_decide for each in differences(mini(), other)}
