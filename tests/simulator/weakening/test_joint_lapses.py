"""What several clauses give up of an approval together is told, however harmless each is by itself."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import assume, given, settings

from evidence.decision import Bundle
from evidence.decision.bundle import Escalation
from evidence.decision.matrix import Mode
from simulator.bundles.clauses import differences, hybrid
from simulator.weakening.allowances import is_allowed, is_covered
from simulator.weakening.findings import Finding
from simulator.weakening.weakenings import weakenings

from ...decision.deciding import active, mini, product
from ..demanded import Demand, demands
from ..edits import bundles_near, small_policy, with_action, with_playbook

MODE, CONFIDENCE, BLAST = "actions.drain.mode", "actions.drain.auto_from", "actions.drain.auto_blast"
ESCALATION, POLICY = "escalations.everywhere", "policies.asking"
GATES = (MODE, CONFIDENCE, BLAST, ESCALATION, POLICY)
Names = frozenset[str]

STATES: list[dict[str, Any]] = product(
    environment=(None, "production", "test"),
    is_stateful=(None, False, True),
    signal_sources=((), ("alertmanager",), ("alertmanager", "falco")),
    blast_radius=(0, 2, 9, None),
    is_change_seen=(None, False, True),
)
for state in STATES:
    state["signal_source_count"] = len(state["signal_sources"])


@lru_cache
def gated(gates: Names) -> Bundle:
    """A bundle in which just these gates demand approval of `drain`."""
    matrix = {
        "mode": Mode.APPROVAL_REQUIRED if MODE in gates else Mode.AUTOMATIC,
        "floor": 60,
        "auto_from": 80 if CONFIDENCE in gates else 60,
        "auto_blast": 0 if BLAST in gates else 3,
        "needs": (),
        "also": (),
    }
    escalation = Escalation(
        id="everywhere",
        when="environment = 'production'",
        mode=Mode.APPROVAL_REQUIRED,
        scopes=("node",),
        because="Because.",
    )
    bundle = with_playbook(
        with_action(mini(), "drain", **matrix), escalations=(escalation,) if ESCALATION in gates else ()
    )
    policies = (small_policy("asking", "without_approval"),) if POLICY in gates else ()
    return Bundle("gated", bundle.playbook, bundle.approvers, policies, bundle.detections)


@lru_cache
def is_asked(gates: Names) -> tuple[bool, ...]:
    """Per state whether the kernel demands approval of `drain`."""
    return tuple(each["drain"][0] >= 2 for each in demands(gated(gates), STATES))


def subsets(names: Sequence[str]) -> Iterator[Names]:
    """All, small ones first."""
    for size in range(len(names) + 1):
        yield from map(frozenset, itertools.combinations(names, size))


def minimal(sets: Iterator[Names]) -> list[Names]:
    """Those of which no other is a part; small ones come first."""
    found: list[Names] = []
    for each in sets:
        if not any(other <= each for other in found):
            found.append(each)
    return found


def lost(before: Names, after: Names) -> set[Names]:
    """For every state in which approval is lost each minimal set of removed gates that loses it there."""
    gone = sorted(before - after)
    found: set[Names] = set()
    for place, (was, now) in enumerate(zip(is_asked(before), is_asked(after), strict=True)):
        if was and not now:
            found |= set(minimal(each for each in subsets(gone) if not is_asked(before - each)[place]))
    return found


@pytest.mark.slow
def test_every_lost_approval_is_named_by_exactly_the_gates_that_held_it() -> None:
    """Over all 32 combinations of five gates, every part of them taken away, and every distinct state."""
    seen: set[Names] = set()
    for before in subsets(GATES):
        for after in subsets(sorted(before)):
            needed = lost(before, after)
            names = [each.id for each in weakenings(gated(before), gated(after)) if each.is_approval]
            assert not [
                each for each in needed if not any(is_covered("+".join(each), name) for name in names)
            ]
            joint = {frozenset(name.split("+")) for name in names if "+" in name}
            assert joint <= needed
            seen |= needed
    assert set(subsets(GATES)) - {frozenset()} == seen


def test_names_that_are_allowed_let_pass_exactly_what_they_cover() -> None:
    """With every choice of names: where nothing is left to fail on, each lost approval is covered by one."""
    before, after = frozenset({CONFIDENCE, ESCALATION, POLICY}), frozenset[str]()
    needed = lost(before, after)
    told = [each.id for each in weakenings(gated(before), gated(after)) if each.is_approval]
    outcomes = set()
    names = ["+".join(sorted(each)) for each in subsets(sorted(before)) if each]
    for allowed in itertools.chain.from_iterable(itertools.combinations(names, size) for size in range(4)):
        is_passed = all(is_allowed(each, allowed) for each in told)
        is_each_covered = all(is_allowed("+".join(each), allowed) for each in needed)
        assert is_each_covered == is_passed
        outcomes.add(is_passed)
    assert {False, True} == outcomes


def check_that_every_minimal_set_is_named(baseline: Bundle, candidate: Bundle) -> None:
    clauses = [each for each in differences(baseline, candidate) if each.can_decide]
    assume(2 <= len(clauses) <= 4)
    states = STATES[::7]
    mixed = {
        taken: demands(hybrid(baseline, candidate, [each for each in clauses if each.id in taken]), states)
        for taken in subsets([each.id for each in clauses])
    }
    names = [
        (each.action.split(", "), each.id) for each in weakenings(baseline, candidate) if each.is_approval
    ]
    before, after = mixed[frozenset()], mixed[frozenset(each.id for each in clauses)]
    for place, (was, now) in enumerate(zip(before, after, strict=True)):
        for name in (was.keys() & now.keys()) & set(baseline.ladder):
            for mode in (1, 2):
                if not now[name][0] < mode <= was[name][0]:
                    continue
                opened = (taken for taken, found in mixed.items() if is_below(found[place].get(name), mode))
                for each in minimal(opened):
                    assert any(name in to and is_covered("+".join(each), by) for to, by in names)


def is_below(demand: Demand | None, mode: int) -> bool:
    return demand is not None and demand[0] < mode


NEAR = bundles_near(mini(), edits_max=2)


@pytest.mark.slow
@settings(max_examples=15)
@given(NEAR, NEAR)
def test_every_set_that_gives_up_a_mode_in_some_state_is_named(baseline: Bundle, candidate: Bundle) -> None:
    """Held to the kernel: every mixture of random edits is decided in every state."""
    check_that_every_minimal_set_is_named(baseline, candidate)


@pytest.mark.slow
@settings(max_examples=200)
@given(NEAR, NEAR)
def test_every_set_that_gives_up_a_mode_in_some_state_is_named_at_length(
    baseline: Bundle, candidate: Bundle
) -> None:
    """The same over more bundles."""
    check_that_every_minimal_set_is_named(baseline, candidate)


# --- the shipped playbook


def without_policy(bundle: Bundle, name: str) -> Bundle:
    left = tuple(each for each in bundle.policies if each.name != name)
    return Bundle("candidate", bundle.playbook, bundle.approvers, left, bundle.detections)


def test_a_mode_and_the_policy_that_would_still_ask_are_named_together() -> None:
    """In production either asks for the isolation of a workload; with both gone nobody does."""
    begun = with_action(active(), "isolate_workload", mode=Mode.AUTOMATIC)
    candidate = without_policy(begun, "network_policy")
    found = {each.id: each for each in weakenings(active(), candidate) if each.is_approval}
    together = found["actions.isolate_workload.mode+policies.network_policy"]
    assert {"actions.isolate_workload.mode", together.id} == set(found)
    assert (Finding.APPROVAL_REMOVED, "isolate_workload") == (together.finding, together.action)
    assert together.what == (
        "nothing demands approval_required of isolate_workload any more where its default mode and policy "
        "network_policy did"
    )
    assert "environment=production" in together.witness
    assert together.witness.endswith("confidence>=90, blast_radius<=0")


@pytest.mark.slow
def test_either_edit_alone_names_nothing_together() -> None:
    """Without the other it leaves production as it was."""
    begun = with_action(active(), "isolate_workload", mode=Mode.AUTOMATIC)
    assert ["actions.isolate_workload.mode"] == [
        each.id for each in weakenings(active(), begun) if each.is_approval
    ]
    left = without_policy(active(), "network_policy")
    assert [] == [each.id for each in weakenings(active(), left) if each.is_approval]


def test_a_new_name_does_not_cover_the_policy_that_goes_with_it() -> None:
    """The renamed action begins automatically, and its policy is gone: both are named."""
    actions = {
        ("cut_off" if name == "isolate_workload" else name): action
        for name, action in active().actions.items()
    }
    renamed = with_action(with_playbook(active(), actions=actions), "cut_off", mode=Mode.AUTOMATIC)
    found = [each.id for each in weakenings(active(), without_policy(renamed, "network_policy"))]
    assert "actions.cut_off+policies.network_policy" in found


@pytest.mark.parametrize(
    ("name", "by", "expected"),
    [
        ("a", "a", True),
        ("a", "b+a", True),
        ("b+a", "a+b", True),
        ("a+b", "a", False),
        ("grading.confidence.level.high+a", "a+grading.confidence", True),
        ("grading.impact.dependency_hot", "grading", False),
    ],
)
def test_a_name_covers_what_its_own_clauses_give_up(name: str, by: str, expected: bool) -> None:
    """Alone or together, in any order; `grading.confidence` stands for all weights of the confidence."""
    assert expected is is_covered(name, by)


def test_names_do_not_add_up() -> None:
    """Whoever allows each of two because the other stays has not allowed both."""
    assert not is_allowed("a+b", ["a", "b"])
    assert is_allowed("a+b", ["c", "b+a"])
