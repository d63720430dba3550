"""Whether a condition can hold is decided exactly, and a condition that is written reads as it was."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.decision.condition_parser import parse_condition
from evidence.decision.condition_text import condition_text
from evidence.decision.conditions import (
    And,
    Between,
    Compare,
    Condition,
    Flag,
    HasSignal,
    Known,
    Matches,
    Not,
    OneOf,
    Or,
    condition_sql,
)
from evidence.decision.satisfiability import (
    are_alike,
    bounds,
    implies,
    is_always_true,
    is_never_false,
    is_never_true,
    measured,
)
from evidence.decision.states import register_states
from evidence.tables import open_memory

from .deciding import active, mini

# A few columns, so that their combinations can be tried one by one.
LEAVES = st.sampled_from(
    [
        Flag("is_stateful"),
        Known("is_stateful"),
        HasSignal("CrashLoop"),
        Compare("signal_count", ">", 2),
        Compare("signal_count", "<=", 0),
        Between("signal_count", 2, 3),
        Compare("severity", ">=", 5),
        OneOf("severity", (6, 7)),
        Compare("environment", "=", "production"),
        Compare("environment", "<>", "staging"),
        OneOf("environment", ("production", "test")),
        Compare("workload", "=", "cart"),
        Matches("workload", "like", "ca%"),
        Matches("workload", "regexp", "t$"),
    ]
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.builds(Not, inner), st.builds(And, inner, inner), st.builds(Or, inner, inner)),
    max_leaves=6,
)
STATES = [
    {
        "is_stateful": is_stateful,
        "signal_names": names,
        "signal_count": count,
        "severity": severity,
        "environment": environment,
        "workload": workload,
    }
    for is_stateful, names, count, severity, environment, workload in itertools.product(
        (True, False, None),
        ([], ["CrashLoop"]),
        (0, 1, 2, 3, 4),
        (4, 5, 6, None),
        ("production", "staging", "test", "development", None),
        ("cart", "cat", "car", "bit", "bar", None),
    )
]
CONNECTION = open_memory()
register_states(CONNECTION, "tried", STATES)


def truths(condition: Condition) -> set[bool | None]:
    """What the condition comes to over every combination, by DuckDB."""
    rows = CONNECTION.execute(f"select distinct {condition_sql(condition)} from tried").fetchall()
    return {truth for (truth,) in rows}


def parse(text: str) -> Condition:
    return parse_condition(text)


@given(CONDITIONS)
def test_never_and_always_agree_with_trying_every_state(condition: Condition) -> None:
    """No state found means that none of all combinations does it, and the other way round."""
    found = truths(condition)
    assert (is_never_true(condition), is_always_true(condition), is_never_false(condition)) == (
        True not in found,
        found == {True},
        False not in found,
    )


@given(CONDITIONS, CONDITIONS)
def test_implication_agrees_with_trying_every_state(first: Condition, second: Condition) -> None:
    """One condition follows from another exactly when no combination makes it hold alone."""
    parting = CONNECTION.execute(
        f"select count(*) from tried where {condition_sql(first)} and ({condition_sql(second)}) is not true"
    ).fetchall()[0][0]
    assert implies(first, second) == (parting == 0)


@given(CONDITIONS)
def test_a_condition_reads_as_it_was_written(condition: Condition) -> None:
    """Writing and reading again gives the same tree."""
    assert parse(condition_text(condition)) == condition


@pytest.mark.parametrize("bundle", [active, mini], ids=["active", "mini"])
def test_every_condition_of_a_bundle_reads_as_it_was_written(bundle) -> None:  # type: ignore[no-untyped-def]
    """Also those that people wrote."""
    for use in bundle().uses:
        assert parse(condition_text(use.condition)) == use.condition


@pytest.mark.parametrize(
    "text",
    [
        "signal_count > 5 and signal_count < 3",
        "is_stateful and not is_stateful",
        "known(owner) and not known(owner)",
        "environment = 'production' and environment in ('staging', 'test')",
        "severity > 6",
        "confidence < 0",
        "blast_radius < 0",
        "environment <> 'production' and environment not in ('staging', 'test', 'development')",
        "owner = 'a' and owner like 'b%'",
        "not (signal_count >= 0)",
        "(is_mfa or is_stateful) and not is_mfa and not is_stateful",
    ],
)
def test_what_no_state_satisfies_is_found(text: str) -> None:
    """Contradictions within one column, over several, and beyond what a column can be."""
    assert is_never_true(parse(text))


@pytest.mark.parametrize(
    "text",
    [
        "owner like 'a%' and owner like '%b'",
        "has_signal('a') and has_signal('b')",
        "change_to_symptom_seconds < 0",
        "is_mfa or not is_mfa",
        "severity = 6",
    ],
)
def test_what_some_state_satisfies_is_not_accused(text: str) -> None:
    """A condition that is only rare, or true unless unknown, is possible and not always true."""
    assert not is_never_true(parse(text))
    assert not is_always_true(parse(text))


def test_always_true_and_never_false_differ_by_the_unknown() -> None:
    """A flag or its opposite never fails, but nobody knows it to hold where the flag is unknown."""
    assert is_always_true(parse("signal_count >= 0"))
    assert (is_always_true(parse("is_mfa or not is_mfa")), is_never_false(parse("is_mfa or not is_mfa"))) == (
        False,
        True,
    )


def test_over_policy_is_what_the_grading_makes_of_it() -> None:
    """A flag of the grading and its own measured column can contradict each other."""
    text = "is_latency_over_policy and latency_ms < 900"
    assert not is_never_true(parse(text))
    assert is_never_true(measured(parse(text), active().grading.thresholds))


def test_conditions_are_alike_as_their_role_closes_them() -> None:
    """Two conditions that differ only where something is unknown are one for a rule and two for a demand."""
    first, second = parse("is_mfa"), parse("is_mfa and known(is_mfa)")
    assert are_alike(first, second, is_raising=False)
    assert not are_alike(first, second, is_raising=True)


def test_a_question_too_large_stays_open() -> None:
    """What cannot be decided in few steps is taken as possible, so that nobody is accused wrongly."""
    pigeons, holes = range(8), range(7)
    sits = {(p, h): f"has_signal('{p} in {h}')" for p in pigeons for h in holes}
    somewhere = [f"({' or '.join(sits[p, h] for h in holes)})" for p in pigeons]
    alone = [
        f"not ({sits[p, h]} and {sits[q, h]})" for h in holes for p, q in itertools.combinations(pigeons, 2)
    ]
    assert not is_never_true(parse(" and ".join([*alone, *somewhere])))


def test_columns_end_where_their_meaning_does() -> None:
    """Counts begin at 0, levels are 1 to 6, confidence and impact 0 to 100."""
    assert bounds("signal_count")[0] == 0
    assert bounds("severity_falco") == (1, 6)
    assert bounds("confidence") == (0, 100)
    assert bounds("change_to_symptom_seconds")[0] < 0
