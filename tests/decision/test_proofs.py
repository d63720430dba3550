"""The proofs of the decision model, enumerated over every state that a small bundle can tell apart."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pytest

from evidence.decision.matrix import MODES

from .deciding import BUNDLES, Decided, decided, mini, product
from .reference import Reference, node_drain_small

# One value per piece between the bundle's constants: floors and auto_from cut the confidence at
# 40, 60, 70, 80 and 90; auto_blast and one rule cut the blast radius at 0, 1 and 3.
CONFIDENCES = (100, 85, 75, 65, 50, 20)
BLASTS = (0, 1, 2, 4, None)
STATES = product(
    is_error_rate_over_policy=(True, False, None),
    is_change_seen=(True, False, None),
    change_to_symptom_seconds=(900, 901, None),
    signal_names=((), ("CrashLoop",)),
    is_stateful=(True, False, None),
    environment=("production", "staging", None),
    has_minimum_context=(True, False),
    confidence=CONFIDENCES,
    blast_radius=BLASTS,
)


@lru_cache
def all_decided() -> tuple[Decided, ...]:
    return tuple(decided(mini(), STATES))


def reference() -> Reference:
    return Reference(BUNDLES / "mini", {"node_drain": node_drain_small})


def test_every_state_has_exactly_one_decision() -> None:
    """The decision is total: one row per state and no action outside the matrix."""
    assert len(all_decided()) == len(STATES)
    assert {action for action, _, _ in all_decided()} <= set(mini().actions)


def test_the_query_agrees_with_the_plain_model_everywhere() -> None:
    """The compiled query and the independent model decide every state alike."""
    model = reference()
    different = [
        (state, model.decide(state), found)
        for state, found in zip(STATES, all_decided(), strict=True)
        if model.decide(state) != found
    ]
    assert different[:3] == []


def test_every_branch_of_the_decision_is_reached() -> None:
    """The enumeration is not vacuous: active and passive actions and all modes occur."""
    actions = {action for action, _, _ in all_decided()}
    assert actions == {"restart", "drain", "roll_back", "watch", "gather", "ask", "hand_over", "draft"}
    assert {mode for _, mode, _ in all_decided()} == {mode.value for mode in MODES}


def is_weaker_or_equal(before: Decided, after: Decided) -> bool:
    """`after` is the same active action with at least the same approval, or a passive one."""
    ladder = mini().ladder
    if after[0] not in ladder:
        return True
    is_same = before[0] == after[0]
    modes = [mode.value for mode in MODES]
    return is_same and modes.index(after[1]) >= modes.index(before[1]) and set(before[2]) <= set(after[2])


def groups_along(column: str) -> list[list[tuple[dict[str, Any], Decided]]]:
    """States that differ in one column alone, in the order of its values."""
    groups: dict[tuple[Any, ...], list[tuple[dict[str, Any], Decided]]] = {}
    for state, decision in zip(STATES, all_decided(), strict=True):
        rest = tuple(value for name, value in state.items() if name != column)
        groups.setdefault(rest, []).append((state, decision))
    return list(groups.values())


@pytest.mark.parametrize("column", ["confidence", "blast_radius"])
def test_less_confidence_or_a_wider_blast_radius_never_does_more(column: str) -> None:
    """The other columns fixed, the decision keeps its action with no less approval, or becomes passive."""
    violations = [
        (before, after)
        for group in groups_along(column)
        for index, before in enumerate(group)
        for after in group[index + 1 :]
        if not is_weaker_or_equal(before[1], after[1])
    ]
    assert violations[:1] == []


def test_a_wider_blast_radius_never_excludes_an_action() -> None:
    """Blast radius only raises the mode: an active action stays the same one."""
    ladder = mini().ladder
    lost = [
        group
        for group in groups_along("blast_radius")
        if len({decision[0] for _, decision in group} & set(ladder)) != int(group[0][1][0] in ladder)
    ]
    assert lost[:1] == []


def test_no_admissible_effective_lower_rung_is_passed_over() -> None:
    """The chosen active action is the first of the ladder that is effective, admissible and not denied."""
    model = reference()
    passed_over = []
    for state, (action, _, _) in zip(STATES, all_decided(), strict=True):
        effect = model.effects(state)
        admissible = [
            name
            for name in mini().ladder
            if effect.get(name, 0) >= mini().need
            and model.is_admissible(name, state)
            and model.policy(name, state) != "denied"
        ]
        if (admissible or [None])[0] != (action if action in mini().ladder else None):
            passed_over.append((state, action, admissible))
    assert passed_over[:1] == []


def test_incomplete_context_leaves_only_enrich_or_escalate() -> None:
    """Without minimum context no active action, no notification and no silence is recommended."""
    options = {
        mini().actions[action].option.value
        for state, (action, _, _) in zip(STATES, all_decided(), strict=True)
        if not state["has_minimum_context"]
    }
    assert options == {"enrich", "escalate"}


def test_an_unknown_never_does_more_than_every_way_it_could_be_known() -> None:
    """Where a feature is unknown, the active action is one that some completion would choose too, or none."""
    by_state = {tuple(state.items()): found for state, found in zip(STATES, all_decided(), strict=True)}
    bolder = []
    for state, found in zip(STATES, all_decided(), strict=True):
        if state["is_stateful"] is not None or found[0] not in mini().ladder:
            continue
        completions = {by_state[tuple({**state, "is_stateful": known}.items())][0] for known in (True, False)}
        if found[0] not in completions:
            bolder.append((state, found, completions))
    assert bolder[:1] == []
