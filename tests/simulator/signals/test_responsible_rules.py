"""The rules held responsible are those that turn a decision: every mixture of two sets is replayed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from evidence.decision import Bundle
from simulator.comparison.compare import Side, compare
from simulator.comparison.model import ChangeKind, Comparison, Responsibility
from simulator.histories.history import History
from simulator.histories.sights import sights_of
from simulator.replays.replay import replay_history

from ...decision.flipping import with_rules
from ..edits import with_playbook
from .rule_sets import (
    EXPORT,
    FEED,
    ROTATION,
    RULES,
    Rules,
    deciding,
    detections,
    edited,
    narrowed,
    rule,
    without,
)

BEGUN = {**RULES, "quiet": rule("quiet", "Rotation begun", {"eventName": "RotationStarted"})}
WHEN = "has_signal('Rotation begun') or (has_signal('Secret read') and has_signal('Secret written'))"
Decision = tuple[object, ...]


def decided(history: History, bundle: Bundle) -> dict[str, Decision]:
    """The decision of record of every incident, as the bundle sees the history."""
    states = [sight.states for sight in sights_of(history, [bundle])]
    rows = replay_history(
        history.connection, [bundle], states, with_recommendations=False
    ).decisions.to_pylist()
    return {
        row["incident_id"]: (row["action"], row["mode"], tuple(row["approvers"]), row["decided_at"])
        for row in rows
    }


def by_brute_force(
    history: History, bundle: Bundle, folder: Path, old: Rules, new: Rules
) -> dict[str, set[frozenset[str]]]:
    """Per changed incident the minimal sets of rules, by replaying every mixture of the two sets."""
    changed = [name for name in dict.fromkeys((*old, *new)) if old.get(name) != new.get(name)]
    sets = [frozenset(each) for size in range(len(changed) + 1) for each in combinations(changed, size)]
    mixed = [mixture(old, new, each) for each in sets]
    found = [
        decided(history, replace(bundle, detections=detections(folder / f"{number}", each)))
        for number, each in enumerate(mixed)
    ]
    answers = {}
    for incident, turned in found[-1].items():
        if turned != found[0][incident]:
            enough = [each for each, by in zip(sets, found, strict=True) if by[incident] == turned]
            answers[incident] = {each for each in enough if not any(other < each for other in enough)}
    return answers


def mixture(old: Rules, new: Rules, taken: frozenset[str]) -> Rules:
    """The old rules but for those that are taken from the new ones."""
    names = dict.fromkeys((*old, *new))
    sides = {name: new if name in taken else old for name in names}
    return {name: side[name] for name, side in sides.items() if name in side}


def compared(history: History, folder: Path, old: Rules, new: Rules, *bundles: Bundle) -> Comparison:
    """Both sets of rules under one playbook, or each under its own."""
    either = bundles if len(bundles) == 2 else (bundles[0], bundles[0])
    sides = [
        Side(replace(bundle, detections=detections(folder / name, rules)), name)
        for bundle, name, rules in zip(either, ("old", "new"), (old, new), strict=True)
    ]
    return compare(history, *sides)


def answers(found: Comparison) -> dict[str, Responsibility]:
    """The responsible clauses of every changed decision."""
    changed = (each for each in found.changed if each.kind is ChangeKind.DECISION)
    return {each.incident_id: each.responsible for each in changed if each.responsible is not None}


def named(old: Rules, new: Rules, clauses: Sequence[str]) -> frozenset[str]:
    """The rules that clauses stand for."""
    titles = {f"detections.{rules[name]['title']}": name for rules in (new, old) for name in rules}
    return frozenset(titles[clause] for clause in clauses)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(
            without("exports", "quiet"),
            {**BEGUN, "writes": {**RULES["writes"], "level": "critical"}},
            marks=pytest.mark.slow,
        ),
        pytest.param(
            BEGUN,
            {**without("users", "reads"), "exports": edited("exports", level="medium")["exports"]},
            marks=pytest.mark.slow,
        ),
        (
            {**BEGUN, **narrowed("users", "userIdentity.arn|contains", "mara")},
            edited("writes", title="Another"),
        ),
    ],
    ids=["added", "removed", "mixed"],
)
def test_the_minimal_sets_are_those_of_brute_force(
    history: History, tmp_path: Path, old: Rules, new: Rules
) -> None:
    """Of every changed decision all sets, and none is missing."""
    bundle = with_rules(deciding(), {"id": "t-or", "when": WHEN, "supports": {"draft_for_owner": 950}})
    expected = by_brute_force(history, bundle, tmp_path / "mixed", old, new)
    found = answers(compared(history, tmp_path, old, new, bundle))
    assert expected
    assert {each.is_exhaustive for each in found.values()} == {True}
    assert expected == {
        incident: {named(old, new, each) for each in answer.minimal_sets}
        for incident, answer in found.items()
    }


def test_rules_and_other_clauses_are_held_responsible_together(history: History, tmp_path: Path) -> None:
    """A rule of the playbook that reads the new signal: neither would do without the other."""
    old = Bundle("before", *_without_reader(deciding()))
    found = compared(history, tmp_path, without("exports"), RULES, old, deciding())
    both = ("detections.Exports read", "rules.t-exports")
    assert answers(found)[EXPORT].minimal_sets == (both,)
    assert answers(found)[EXPORT].necessary == both
    assert found.detections is not None
    assert found.detections.unattributed == ""


def _without_reader(bundle: Bundle) -> tuple[object, ...]:
    rules = tuple(each for each in bundle.rules if each.id != "t-exports")
    return with_playbook(bundle, rules=rules).playbook, bundle.approvers, bundle.policies


@pytest.mark.slow
def test_where_too_much_differs_at_once_it_says_so(history: History, tmp_path: Path) -> None:
    """More clauses than can be tried one by one: no set is claimed, the sentence says why, and what to do."""
    rules = tuple(
        each.model_copy(update={"supports": dict.fromkeys(each.supports, 1)})
        for each in deciding().rules[:12]
    )
    other = with_playbook(deciding(), rules=(*rules, *deciding().rules[12:]))
    found = compared(history, tmp_path, without("exports"), RULES, deciding(), other)
    changed = {each.incident_id: each for each in found.changed if each.kind is ChangeKind.DECISION}
    assert changed[EXPORT].responsible is None
    assert found.detections is not None
    assert found.detections.unattributed.startswith("Of 1 changed decision no clause is held responsible: ")
    others = [each for name, each in changed.items() if name not in (EXPORT, FEED, ROTATION)]
    assert others
    assert all(each.responsible and each.responsible.minimal_sets for each in others)
