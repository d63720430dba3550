"""The language of conditions: what is refused and where, and that SQL means what the plain model means."""

from __future__ import annotations

import inspect
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.decision.condition_parser import NESTING_MAX, ConditionError, parse_condition
from evidence.decision.conditions import Condition, columns_read, condition_sql
from evidence.decision.states import register_states
from evidence.tables import open_memory

from .reference import Parser, holds


@pytest.mark.parametrize(
    ("text", "what", "character"),
    [
        ("", "a condition cannot be empty", 1),
        ("is_stateful; drop table t", "one condition only: a semicolon begins a second statement", 12),
        ("1 < severity < 3", "a comparison takes one column and one constant; write a chain with 'and'", 1),
        ("owner = 'a' 'b'", "two strings side by side would be joined silently", 13),
        ("\u201cowner\u201d = 'a'", "'\u201cowner\u201d' is not a name", 1),
        ("\"owner\" = 'a'", "columns are written without quotes", 1),
        ("severity = 1 -- or 2", "comments belong into YAML", 14),
        ("severity = 1 /* x */", "comments belong into YAML", 14),
        ("severity::text = '1'", "a cast hides an error of type", 9),
        ("cast(severity as text) = '1'", "'as' is not part of the language", 15),
        ("owner in (select 'a')", "a condition reads one row: no subqueries", 11),
        ("owner = null", "NULL is not a constant here", 9),
        ("owner is not null", "'is' is not part of the language", 7),
        ("is_stateful is true", "'is' is not part of the language", 13),
        ("true", "write the boolean column alone", 1),
        ("severity = 1.5", "1.5 is not an integer", 12),
        ("severity = 1e2", "1e2 is not an integer", 12),
        ("severity = 99999999999999999999", "does not fit in 64 bits", 12),
        ("severity + 1 > 2", "'+' is not part of the language", 10),
        ("severity > severity_falco", "takes one column and one constant", 12),
        ("severity = 'high'", "severity is an integer, 'high' is not", 12),
        ("owner = 3", "owner is text, 3 is not", 9),
        ("owner > 'a'", "owner is text, which has no order here", 1),
        ("owner", "owner is text, not a condition", 1),
        ("severity", "severity is an integer, not a condition", 1),
        ("is_stateful = 'x'", "is_stateful is true or false, 'x' is not", 15),
        ("environment = 'prod'", "environment is never 'prod'", 15),
        ("is_statefull", "there is no column is_statefull (did you mean is_stateful?)", 1),
        ("signal_names = 'x'", "signal_names is a list: ask has_signal", 1),
        ("has_minimum_context", "has_minimum_context is for the kernel", 1),
        ("first_signal_name = 'x'", "first_signal_name is for people", 1),
        ("incident_id = 'x'", "incident_id is for the kernel", 1),
        ("known(signal_count)", "signal_count is always known", 1),
        ("known(owner, service)", "known(…) takes one column", 1),
        ("has_signal(owner)", "has_signal(…) takes one text constant", 1),
        ("exists(is_stateful)", "'exists' is not part of the language", 1),
        ("length(owner) = 3", "there is no function length", 1),
        ("regexp_matches(owner, '(')", "is not an RE2 pattern", 23),
        ("regexp_matches(owner, '(a)\\1')", "is not an RE2 pattern", 23),
        ("owner like severity", "a pattern must be a text constant", 1),
        ("severity between 3 and 1", "between 3 and 1 is never true", 1),
        ("owner in ()", "'in' takes a list of constants", 1),
        ("is_stateful and (is_spreading", "is not a condition", 29),
        ("is_stateful is_spreading", "alias is not part of the language", 1),
        ("is_stateful, is_spreading", "is not a condition", 12),
        ("t.is_stateful", "'.' is not part of the language", 2),
        ("(" * 45 + "is_stateful" + ")" * 45, "is nested too deeply: at most 16 brackets", NESTING_MAX + 1),
        ("not " * 100 + "is_stateful", "is nested too deeply: at most 16 brackets", 4 * NESTING_MAX + 1),
        ("not (" * 9 + "is_stateful" + ")" * 9, "is nested too deeply", 5 * NESTING_MAX // 2 + 1),
    ],
)
def test_what_is_not_a_condition_is_refused_by_place(text: str, what: str, character: int) -> None:
    """Each refusal says what is wrong and at which character."""
    with pytest.raises(ConditionError) as refusal:
        parse_condition(text)
    assert what in refusal.value.what
    assert refusal.value.offset + 1 == character


@pytest.mark.parametrize(
    "text",
    [
        "(" * NESTING_MAX + "is_stateful" + ")" * NESTING_MAX,
        "not " * NESTING_MAX + "is_stateful",
        "not (" * (NESTING_MAX // 2) + "is_stateful" + ")" * (NESTING_MAX // 2),
        " and ".join(["not (is_stateful)"] * 100),
        "(" * (NESTING_MAX - 1) + "is_mfa" + " or not is_mfa)" * (NESTING_MAX - 1),
    ],
)
def test_nesting_is_counted_within_one_another_and_not_side_by_side(text: str) -> None:
    """As deep as is allowed is read, and what stands beside something else is not deeper for it."""
    assert len(columns_read(parse_condition(text))) == 1


def test_a_reader_that_runs_out_of_room_refuses_the_condition() -> None:
    """Called from so deep that too little is left to read with, it still ends with its own error."""

    def from_deep(levels: int) -> Condition:
        return from_deep(levels - 1) if levels else parse_condition("((is_image_flagged or is_stateful))")

    with pytest.raises(ConditionError, match="is nested too deeply"):
        from_deep(sys.getrecursionlimit() - len(inspect.stack()) - 60)


def test_a_condition_is_rendered_with_every_bracket() -> None:
    """Precedence is fixed when the text is read, not left to another parser."""
    condition = parse_condition("is_stateful or not is_spreading and owner in ('a', 'it''s')")
    assert condition_sql(condition) == "(is_stateful or ((not is_spreading) and (owner in ('a', 'it''s'))))"
    assert columns_read(condition) == {"is_stateful", "is_spreading", "owner"}


def test_a_column_named_like_a_word_of_sql_can_be_read() -> None:
    """`namespace` is a word of SQL and a column."""
    assert condition_sql(parse_condition("namespace like 'pay%'")) == "(namespace like 'pay%')"


ATOMS = st.sampled_from(
    [
        "is_stateful",
        "is_spreading",
        "severity >= 4",
        "severity <> 3",
        "3 > severity",
        "severity between 2 and 4",
        "severity not between 2 and 4",
        "owner = 'payments'",
        "owner not in ('payments', 'search')",
        "known(owner)",
        "has_signal('CrashLoop')",
    ]
)
TEXTS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(" ".join),
        inner.map(lambda text: f"not ({text})"),
        inner.map(lambda text: f"({text})"),
    ),
    max_leaves=6,
)
STATES = [
    {
        "is_stateful": stateful,
        "is_spreading": spreading,
        "severity": severity,
        "owner": owner,
        "signal_names": signals,
    }
    for stateful in (True, False, None)
    for spreading in (True, None)
    for severity in (None, 1, 3, 5)
    for owner in (None, "payments", "logistics")
    for signals in ([], ["CrashLoop"])
]
CONNECTION = open_memory()
register_states(CONNECTION, "truth_states", STATES)


@given(TEXTS)
@settings(max_examples=150)
def test_sql_and_the_plain_model_agree_on_true_false_and_unknown(text: str) -> None:
    """Three-valued logic, precedence and every operator mean the same in both."""
    sql = condition_sql(parse_condition(text))
    rows = CONNECTION.execute(f"select {sql} from truth_states order by incident_id").fetchall()
    tree = Parser(text).disjunction()
    assert [holds(tree, state) for state in STATES] == [value for (value,) in rows]
