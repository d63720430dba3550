"""The difference of two sets of rules: each rule once, what differs in it in words, and clauses for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.detections.levels import Level
from evidence.detections.rules import RuleSet
from evidence.detections.signalling import Detections
from simulator.bundles.clauses import ClauseKind, differences, hybrid
from simulator.bundles.rule_differences import RuleDifference, rule_differences
from simulator.comparison.detection_model import RuleEdit

from ...decision.deciding import mini
from ..signals.rule_sets import BURST, RULES, Rules, detections, edited, narrowed, without

WITH_BURST: Rules = {**RULES, "burst": BURST}
Differences = Callable[[Rules, Rules], tuple[RuleDifference, ...]]


@pytest.fixture
def between(tmp_path: Path) -> Differences:
    """What differs between two sets of rules."""
    return lambda old, new: rule_differences(
        detections(tmp_path / "old", old), detections(tmp_path / "new", new)
    )


def told(found: tuple[RuleDifference, ...]) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(each.clause.removeprefix("detections."), each.edit.value, each.what) for each in found]


def test_rules_that_come_and_go_are_named_by_their_titles(between: Differences) -> None:
    """In the order of titles; what both have alike is left out."""
    assert told(between(without("quiet"), without("exports"))) == [
        ("Exports read", "removed", ()),
        ("Trail deleted", "added", ()),
    ]


@pytest.mark.parametrize(
    ("new", "edit", "what"),
    [
        (edited("users", title="Users named"), "renamed", ("title Users listed → Users named",)),
        (edited("users", level="critical"), "changed", ("level high → critical",)),
        (
            edited("users", level="low"),
            "changed",
            ("level high → low", "its hits are no signals any more"),
        ),
        (
            edited("users", tags=["attack.t1087"]),
            "changed",
            ("no longer tag attack.t1530", "now tag attack.t1087"),
        ),
        (
            edited("users", logsource={"product": "github", "service": "audit"}),
            "changed",
            ("log source cloudtrail → github_audit",),
        ),
        (
            narrowed("users", "sourceIPAddress|cidr", "10.0.0.0/8"),
            "changed",
            ("now asks whether sourceipaddress is an address of 10.0.0.0/8",),
        ),
        (
            edited("users", detection={"a": {"eventName": "ListUsers"}, "condition": "not a"}),
            "changed",
            ("joins the same tests otherwise",),
        ),
        (edited("users", description="Who asks who is there."), "reworded", ("description",)),
        (
            edited("users", id="20000000-0000-4000-8000-000000000001"),
            "reworded",
            ("id",),
        ),
    ],
    ids=["title", "level", "below signals", "tags", "source", "test", "joined", "words", "id"],
)
def test_an_edit_is_told_in_words(between: Differences, new: Rules, edit: str, what: tuple[str, ...]) -> None:
    """Of one rule, whatever field it is; a rule without its id is still itself by its title."""
    (found,) = between(RULES, new)
    assert (found.edit.value, tuple(each.lower() for each in found.what)) == (
        edit,
        tuple(each.lower() for each in what),
    )


def test_layout_and_order_are_no_difference(between: Differences) -> None:
    """Tests in another order, and tags in another."""
    selection = {"requestParameters.bucketName": "customer-exports", "eventName": "GetObject"}
    new = edited("exports", detection={"selection": selection, "condition": "selection"})
    assert between(RULES, new) == ()


def test_an_edit_of_a_part_is_one_of_what_reads_it(between: Differences) -> None:
    """The part reports as well, so that both are told; another count is the correlation's own."""
    new: Rules = {**narrowed("exports", "awsRegion", "eu-west-1"), "burst": BURST}
    found = {each.clause: each for each in between(WITH_BURST, new)}
    assert set(found) == {"detections.Exports read", "detections.Many exports read"}
    assert found["detections.Many exports read"].what == (f"its part {RULES['exports']['id']!r} differs",)
    counted = {**BURST, "correlation": {**BURST["correlation"], "condition": {"gte": 30}, "timespan": "10m"}}
    (own,) = between(WITH_BURST, {**WITH_BURST, "burst": counted})
    assert own.what == ("within 300 s → 600 s", "count gte 20 → gte 30")


def test_a_title_that_goes_to_another_rule_is_told_apart(between: Differences) -> None:
    """Two rules change titles: two clauses, each with the id of its rule."""
    new = {**edited("users", title="Secret read"), "reads": {**RULES["reads"], "title": "Users listed"}}
    found = between(RULES, new)
    assert [each.edit for each in found] == [RuleEdit.RENAMED, RuleEdit.RENAMED]
    assert len({each.clause for each in found}) == 2


# --- as clauses of bundles

EDITS: tuple[Callable[[dict[str, Any]], None], ...] = (
    lambda rules: rules.pop("quiet", None),
    lambda rules: rules.pop("burst", None),
    lambda rules: rules.update(users={**RULES["users"], "level": "low"}),
    lambda rules: rules.update(users={**RULES["users"], "level": "critical"}),
    lambda rules: rules.update(reads={**RULES["reads"], "title": "Secret fetched"}),
    lambda rules: rules.update(reads={**RULES["reads"], "description": "Said better."}),
    lambda rules: rules.update(writes={**RULES["writes"], "id": "20000000-0000-4000-8000-000000000001"}),
    lambda rules: rules.update(exports=narrowed("exports", "awsRegion", "eu-west-1")["exports"]),
    lambda rules: rules.update(exports={**RULES["exports"], "tags": []}),
    lambda rules: rules.update(quiet={**RULES["quiet"], "level": "informational"}),
)


@lru_cache(maxsize=256)
def some(folder: Path, chosen: frozenset[int], level: Level) -> Detections:
    rules: dict[str, Any] = dict(WITH_BURST)
    for number in sorted(chosen):
        EDITS[number](rules)
    name = "-".join(map(str, sorted(chosen))) or "none"
    return Detections(detections(folder / name, rules).rules, level)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rules")


CHOSEN = st.frozensets(st.integers(0, len(EDITS) - 1), max_size=4)
LEVELS = st.sampled_from((Level.LOW, Level.HIGH, Level.CRITICAL))


@settings(max_examples=40)
@given(CHOSEN, LEVELS, CHOSEN, LEVELS)
def test_clauses_are_there_exactly_where_digests_differ(
    folder: Path, old: frozenset[int], old_level: Level, new: frozenset[int], new_level: Level
) -> None:
    """Each with an id of its own; all of them together give the candidate, none the baseline."""
    sides = some(folder, old, old_level), some(folder, new, new_level)
    baseline, candidate = (replace(mini(), detections=each) for each in sides)
    found = differences(baseline, candidate)
    assert (baseline.digest == candidate.digest) is (found == ())
    assert len({clause.id for clause in found}) == len(found)
    assert {clause.kind for clause in found} <= {ClauseKind.DETECTION}
    assert hybrid(baseline, candidate, found).digest == candidate.digest
    assert hybrid(baseline, candidate, ()).digest == baseline.digest


def test_a_playbook_without_rules_gains_all_that_signal() -> None:
    """From none to some: one clause for each rule that makes signals, and one for the level."""
    baseline = replace(mini(), detections=None)
    candidate = replace(mini(), detections=Detections(RuleSet(()), Level.HIGH))
    assert [clause.id for clause in differences(baseline, candidate)] == ["detections.from_level"]
