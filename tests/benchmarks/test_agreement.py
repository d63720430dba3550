"""What is timed beside the kernel decides as the kernel does; an engine that is not installed is skipped."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from regopy import Interpreter

from benchmarks.contenders import Sample
from benchmarks.generated_python import compile_decide
from benchmarks.peers import MatchAll, NotInstalled
from benchmarks.peers.cedar import cedar
from benchmarks.peers.rego import ALL_STATES, opa, regopy
from benchmarks.peers.zen import zen
from benchmarks.python_conditions import columns_used, is_false_python, is_true_python
from benchmarks.variants import CHANGED_RULE_COUNT, variants
from evidence.decision import Bundle, load_active
from evidence.decision.condition_parser import parse_condition
from evidence.decision.conditions import condition_sql
from evidence.decision.states import register_states
from evidence.tables import open_memory
from simulator.bundles.clauses import differences
from simulator.histories.generator import generate_history

ACTIVE = load_active(Path(__file__).parents[2] / "playbooks")
VERSIONS = variants(ACTIVE, 3)
STATE_COUNT = 400


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("history")
    generate_history(folder, 200, 1, ACTIVE.grading)
    return folder


@pytest.fixture(scope="module")
def sample(history: Path) -> Sample:
    return Sample(history, ACTIVE, STATE_COUNT)


@pytest.mark.parametrize("bundle", VERSIONS, ids=lambda bundle: bundle.name)
def test_generated_python_makes_the_full_decision(bundle: Bundle, history: Path, tmp_path: Path) -> None:
    """The generated function gives the kernel's action, mode and approvers on every sampled state."""
    sampled = Sample(history, bundle, STATE_COUNT)
    decide = compile_decide(bundle, tmp_path)
    assert sampled.decisions() == [decide(state) for state in sampled.values(columns_used(bundle))]


def test_the_sample_is_distinct_and_varied(sample: Sample) -> None:
    """No state is sampled twice, and the kernel decides for active and passive actions among them."""
    states = sample.values(tuple(each for each in columns_used(ACTIVE) if each != "signal_names"))
    names = [tuple(row) for (row,) in sample.values(("signal_names",))]
    assert STATE_COUNT == len(set(zip(states, names, strict=True)))
    actions = {action for action, _, _ in sample.decisions()}
    assert 3 <= len(actions & set(ACTIVE.ladder))
    assert 3 <= len(actions - set(ACTIVE.ladder))


@pytest.mark.parametrize("build", [zen, cedar, regopy, opa])
def test_engines_find_the_rules_that_the_kernel_finds(
    build: Callable[[Bundle], MatchAll], sample: Sample
) -> None:
    """Every engine that is at hand says of every sampled state which rules hold, as the kernel's key does."""
    try:
        match = build(ACTIVE)
    except NotInstalled as missing:
        pytest.skip(str(missing))
    assert sample.matched() == match(sample.states())


def test_the_question_to_opa_answers_for_every_state() -> None:
    """The one query that OPA is asked about all states gives a list of rules per state, tried in regopy."""
    interpreter = Interpreter()
    interpreter.add_module(
        "rules.rego", 'package rules\nimport rego.v1\nmatched contains "a" if input.x == 1\n'
    )
    interpreter.set_input({"states": [{"x": 1}, {"x": 2}, {}]})
    assert [["a"], [], []] == interpreter.query(ALL_STATES).results[0].expressions[0]


CONDITIONS = (
    "is_mfa",
    "not is_mfa",
    "severity >= 4",
    "not (severity >= 4)",
    "severity between 2 and 4",
    "environment in ('production', 'staging')",
    "environment <> 'production' or is_mfa",
    "not (environment = 'production' and is_mfa)",
    "known(environment) and not known(severity)",
    "has_signal('a') or severity < 3",
    "not has_signal('a') and is_mfa",
    "environment like 'prod%'",
    "not (environment like '%_ing')",
)


@pytest.mark.parametrize("text", CONDITIONS)
def test_python_conditions_know_three_values(text: str) -> None:
    """A condition in Python is true, false or neither exactly where it is so in SQL."""
    columns = ("is_mfa", "severity", "environment", "signal_names")
    values = ((True, False, None), (2, 3, 5, None), ("production", "staging", "test", None), ([], ["a"]))
    states = [dict(zip(columns, row, strict=True)) for row in itertools.product(*values)]
    condition = parse_condition(text)
    with open_memory() as connection:
        register_states(connection, "states", states)
        rows = connection.execute(
            f"select {condition_sql(condition)} from states order by incident_id"
        ).fetchall()
    written = (is_true_python(condition), is_false_python(condition))
    source = f"lambda {', '.join(columns)}: (bool({written[0]}), bool({written[1]}))"
    test = eval(source, {"re": re})  # noqa: S307 - the text is the one under test
    assert [(row is True, row is False) for (row,) in rows] == [test(**state) for state in states]


def test_variants_change_three_rules_each() -> None:
    """Each variant differs from the active bundle in three rules and nothing else, and from the others."""
    changed = [
        {place for place, pair in enumerate(zip(ACTIVE.rules, each.rules, strict=True)) if pair[0] != pair[1]}
        for each in VERSIONS[1:]
    ]
    assert [CHANGED_RULE_COUNT] * 2 == [len(places) for places in changed]
    assert set() == changed[0] & changed[1]
    assert all(clause.id.startswith("rule") for each in VERSIONS[1:] for clause in differences(ACTIVE, each))
