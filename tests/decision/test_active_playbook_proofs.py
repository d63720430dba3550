"""The proofs on the active playbook, whose states are too many to enumerate: sampled around its own cases."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.decision.cases import load_cases
from evidence.decision.cells import blast_values, confidence_values, cut_values
from evidence.decision.matrix import MODES

from .deciding import ROOT, Decided, active, decided
from .reference import POLICIES, Reference

REFERENCE = Reference(ROOT / "playbooks" / "v3", POLICIES)
CUTS = {name: values for name, values in cut_values(active()).items() if name != "signal_names"}
SIGNALS = sorted({signal for signals in cut_values(active())["signal_names"] for signal in signals})
BASES = [case.state for case in load_cases(ROOT / "playbooks" / "v3")]
CONFIDENCES, BLASTS = confidence_values(active()), blast_values(active())


@st.composite
def states(draw: st.DrawFn) -> dict[str, Any]:
    """A case of the playbook with some of its columns cut elsewhere, so that actions stay within reach."""
    state = dict(draw(st.sampled_from(BASES)))
    for name in draw(st.lists(st.sampled_from(sorted(CUTS)), max_size=6, unique=True)):
        state[name] = draw(st.sampled_from(CUTS[name]))
    state["signal_names"] = sorted(
        {*state.get("signal_names", []), *draw(st.lists(st.sampled_from(SIGNALS), max_size=2))}
    )
    state["confidence"] = draw(st.sampled_from(CONFIDENCES))
    state["blast_radius"] = draw(st.sampled_from(BLASTS))
    state["has_minimum_context"] = draw(st.integers(0, 9)) > 0
    return state


@given(st.lists(states(), min_size=200, max_size=200))
@settings(max_examples=12)
def test_the_query_agrees_with_the_plain_model(sample: list[dict[str, Any]]) -> None:
    """The compiled query and the independent model decide sampled states alike, policies included."""
    expected = [REFERENCE.decide(state) for state in sample]
    assert expected == decided(active(), sample)


def is_weaker_or_equal(before: Decided, after: Decided) -> bool:
    if after[0] not in active().ladder:
        return True
    modes = [mode.value for mode in MODES]
    is_stronger = modes.index(after[1]) >= modes.index(before[1]) and set(before[2]) <= set(after[2])
    return before[0] == after[0] and is_stronger


@pytest.mark.parametrize(("column", "values"), [("confidence", CONFIDENCES), ("blast_radius", BLASTS)])
@given(st.lists(states(), min_size=20, max_size=20))
@settings(max_examples=12)
def test_less_confidence_or_a_wider_blast_radius_never_does_more(
    column: str, values: tuple[Any, ...], sample: list[dict[str, Any]]
) -> None:
    """Along one graded column the action stays with no less approval, or becomes passive."""
    cells = [{**state, column: value} for state in sample for value in values]
    found = decided(active(), cells)
    for start in range(0, len(cells), len(values)):
        along = found[start : start + len(values)]
        assert all(is_weaker_or_equal(before, after) for before, after in pairwise(along))


def test_the_sample_reaches_every_active_action_that_a_rule_can_make_effective() -> None:
    """The bases of the sample are not vacuous: every effective action is chosen in some case."""
    chosen = {
        action
        for action, _, _ in decided(active(), [{**base, "has_minimum_context": True} for base in BASES])
    }
    within_reach = {
        name
        for name in active().ladder
        if sum(rule.supports.get(name, 0) for rule in active().rules) >= active().need
    }
    assert within_reach <= chosen
