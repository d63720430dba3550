"""The proofs on every playbook version, whose states are too many to enumerate: sampled around its cases."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import pytest

from evidence.decision.cells import blast_values, confidence_values, cut_values
from evidence.decision.matrix import MODES

from .deciding import PLAYBOOKS, VERSIONS, Decided, cases_of, decided, version
from .reference import Reference, policies_of

SAMPLE_SIZE = 2_000
LARGE_SAMPLE_SIZE = 40_000
ALONG_SIZE = 120  # states along each of which a graded column takes all its values


@dataclass(frozen=True)
class Pieces:
    """The states of a version's cases, and one value per piece of every column that it reads."""

    bases: list[dict[str, Any]]
    cuts: dict[str, tuple[Any, ...]]
    signals: list[str]
    confidences: tuple[int, ...]
    blasts: tuple[Any, ...]


@lru_cache
def pieces(name: str) -> Pieces:
    bundle = version(name)
    cuts = cut_values(bundle)
    signals = sorted({signal for names in cuts.pop("signal_names", ()) for signal in names})
    bases = [case.state for case in cases_of(PLAYBOOKS / name)]
    return Pieces(bases, cuts, signals, confidence_values(bundle), blast_values(bundle))


def sampled(name: str, size: int) -> list[dict[str, Any]]:
    """Cases with some of their columns cut elsewhere, so that actions stay within reach; always the same."""
    chance, parts = random.Random(size), pieces(name)
    return [one_state(parts, chance) for _ in range(size)]


def one_state(parts: Pieces, chance: random.Random) -> dict[str, Any]:
    state = dict(chance.choice(parts.bases))
    for column in chance.sample(sorted(parts.cuts), chance.randint(0, min(6, len(parts.cuts)))):
        state[column] = chance.choice(parts.cuts[column])
    more = chance.sample(parts.signals, chance.randint(0, min(2, len(parts.signals))))
    state["signal_names"] = sorted({*state.get("signal_names", []), *more})
    state["confidence"] = chance.choice(parts.confidences)
    state["blast_radius"] = chance.choice(parts.blasts)
    state["has_minimum_context"] = chance.randrange(10) > 0
    return state


@pytest.mark.parametrize("name", VERSIONS)
@pytest.mark.parametrize("size", [SAMPLE_SIZE, pytest.param(LARGE_SAMPLE_SIZE, marks=pytest.mark.slow)])
def test_the_query_agrees_with_the_plain_model(name: str, size: int) -> None:
    """The compiled query and the independent model decide sampled states alike, policies included."""
    model = Reference(PLAYBOOKS / name, policies_of(name))
    sample = sampled(name, size)
    found = decided(version(name), sample)
    expected = [model.decide(state) for state in sample]
    assert [each for each in zip(sample, expected, found, strict=True) if each[1] != each[2]][:1] == []
    assert len({action for action, _, _ in found}) > len(version(name).actions) // 2


def is_weaker_or_equal(name: str, before: Decided, after: Decided) -> bool:
    if after[0] not in version(name).ladder:
        return True
    modes = [mode.value for mode in MODES]
    is_stronger = modes.index(after[1]) >= modes.index(before[1]) and set(before[2]) <= set(after[2])
    return before[0] == after[0] and is_stronger


@pytest.mark.parametrize("name", VERSIONS)
@pytest.mark.parametrize("column", ["confidence", "blast_radius"])
def test_less_confidence_or_a_wider_blast_radius_never_does_more(name: str, column: str) -> None:
    """Along one graded column the action stays with no less approval, or becomes passive."""
    values = pieces(name).confidences if column == "confidence" else pieces(name).blasts
    cells = [{**state, column: value} for state in sampled(name, ALONG_SIZE) for value in values]
    found = decided(version(name), cells)
    bolder = [
        (cells[at], before, after)
        for at, (before, after) in enumerate(pairwise(found))
        if (at + 1) % len(values) and not is_weaker_or_equal(name, before, after)
    ]
    assert bolder[:1] == []
    assert {action for action, _, _ in found} & set(version(name).ladder)


@pytest.mark.parametrize("name", VERSIONS)
def test_incomplete_context_leaves_only_enrich_or_escalate(name: str) -> None:
    """No version acts, notifies or keeps silent where the minimum context is missing."""
    cells = [{**state, "has_minimum_context": False} for state in sampled(name, ALONG_SIZE)]
    options = {version(name).actions[action].option for action, _, _ in decided(version(name), cells)}
    assert options <= {"enrich", "escalate"}


@pytest.mark.parametrize("name", VERSIONS)
def test_the_sample_reaches_every_active_action_that_a_rule_can_make_effective(name: str) -> None:
    """The bases of the sample are not vacuous: every effective action is chosen in some case."""
    bundle = version(name)
    cells = [{**base, "has_minimum_context": True} for base in pieces(name).bases]
    chosen = {action for action, _, _ in decided(bundle, cells)}
    within_reach = {
        action
        for action in bundle.ladder
        if sum(rule.supports.get(action, 0) for rule in bundle.rules) >= bundle.need
    }
    assert within_reach <= chosen
