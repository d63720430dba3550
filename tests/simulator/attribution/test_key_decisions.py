"""Keys decided in plain Python are decided as by the kernel, and regraded keys are the kernel's own."""

from __future__ import annotations

import random
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.decision import Bundle
from evidence.enrichment.grading import Grading
from simulator.attribution.key_decisions import KeyDecider, decision_of
from simulator.attribution.moments import MomentReader
from simulator.attribution.regraded_keys import RegradedKeys, changes, columns_to_regrade
from simulator.bundles.clauses import differences, hybrid

from ...decision.deciding import mini
from ..edits import bundles_near, edit_grading
from ..random_histories import decided_by_kernel, random_history

INCIDENTS = ["inc-0", "inc-1", "inc-2"]


@pytest.mark.slow
@settings(max_examples=15)
@given(bundles_near(mini()), bundles_near(mini()), st.integers(0, 10_000))
def test_hybrids_are_decided_as_the_kernel_decides_them(
    baseline: Bundle, candidate: Bundle, seed: int
) -> None:
    """Both ends and a hybrid between, on every incident of a small history: action, mode, approvers, time."""
    clauses = [c for c in differences(baseline, candidate) if random.Random(f"{seed}{c.id}").random() < 0.5]
    bundles = [baseline, hybrid(baseline, candidate, clauses), candidate]
    with closing(random_history(seed)) as history:
        expected = decided_by_kernel(history, bundles)
        with closing(MomentReader(history, baseline, candidate, INCIDENTS)) as reader:
            pairs = [(place, name) for place in range(len(bundles)) for name in INCIDENTS]
            moments = reader.read([bundle.grading for bundle in bundles], pairs)
            keys = KeyDecider(reader.layout)
            for place, bundle in enumerate(bundles):
                decide = keys.decider(bundle)
                found = {name: decision_of(moments[place, name], decide) for name in INCIDENTS}
                assert expected[place] == {
                    name: (action, mode.value, *rest) for name, (action, mode, *rest) in found.items()
                }


@pytest.mark.slow
@settings(max_examples=12)
@given(bundles_near(mini(), edits_max=3), st.integers(0, 10_000))
def test_regraded_keys_are_those_of_states_decided_anew(bundle: Bundle, seed: int) -> None:
    """Under many gradings at once, also where conditions and policies read what is graded."""
    gradings: list[Grading] = [bundle.grading]
    for number in range(4):
        other = edit_grading(edit_grading(bundle, random.Random(number + seed)), random.Random(number))
        gradings.append(other.grading.model_copy(update={"tick_minutes": bundle.grading.tick_minutes}))
    pairs = [(place, name) for place in range(len(gradings)) for name in INCIDENTS]
    with (
        closing(random_history(seed)) as history,
        closing(MomentReader(history, bundle, bundle, INCIDENTS)) as reader,
    ):
        expected = reader.read(gradings, pairs)
        columns = columns_to_regrade(reader.layout, bundle.grading)
        first = {name: expected[0, name] for name in INCIDENTS}
        regraded = RegradedKeys(reader.connection, reader.layout, first, reader.rows(0, columns))
        values = regraded.graded(gradings)
        found = {(place, name): regraded.regraded(name, values[place]) for place, name in pairs}
        assert {pair: changes(moments) for pair, moments in expected.items()} == found
