"""Owns sets of states that differ from one state in a few facts each, built in SQL.

The columns that follow from changed facts are kept in step: the minimum context, and where a measure is
changed whether it is over policy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from evidence.decision.bundle import Bundle
from evidence.decision.conditions import COLUMNS, literal_sql
from evidence.decision.facts import Fact, Piece
from evidence.decision.reach import MEASURES, State, reads_measures
from evidence.decision.states import SQL_TYPES, blank_state
from evidence.tables import arrow_schema
from expectations.minimum_context import MINIMUM_CONTEXT
from expectations.tables.enrichment import INCIDENT_STATES

VARIED = "varied_states"


@dataclass(frozen=True, slots=True)
class Choice:
    """One other piece of one fact; facts are told apart by their place."""

    fact_place: int
    fact: Fact
    piece: Piece


def choices_of(facts: Sequence[Fact]) -> list[Choice]:
    """Every other piece of every fact, those of one fact side by side."""
    return [Choice(place, fact, piece) for place, fact in enumerate(facts) for piece in fact.others]


def combinations_count(facts: Sequence[Fact], size: int) -> int:
    """In how many ways `size` of the facts can be otherwise."""
    counts = [1] + [0] * size  # by number of changed facts
    for fact in facts:
        for changed in range(size, 0, -1):
            counts[changed] += counts[changed - 1] * len(fact.others)
    return counts[size]


def vary(
    connection: duckdb.DuckDBPyConnection, bundle: Bundle, state: State, facts: Sequence[Fact], size: int
) -> None:
    """Leave VARIED: the state as moment 0, then every combination of `size` changed facts.

    Leaves `varied_choices` as well: moment and choice_0 … with places in `choices_of`, rising.
    """
    signals = {fact.signal for fact in facts}
    row = {**blank_state(), **{name: state[name] for name in COLUMNS if name in state}}
    row["signal_names"] = [name for name in row["signal_names"] if name not in signals]
    _register(connection, "varied_base", pa.Table.from_pylist([row], schema=arrow_schema(INCIDENT_STATES)))
    facts_of_choices = pa.array([choice.fact_place for choice in choices_of(facts)], pa.int32())
    choices = pa.array(range(len(facts_of_choices)), pa.int32())
    _register(connection, "varied_places", pa.table({"choice": choices, "fact": facts_of_choices}))
    _execute(connection, _choices_sql(size))
    _execute(connection, _states_sql(facts, size, dict(_following(connection, bundle, state))))


def _choices_sql(size: int) -> str:
    """The state itself has no choices; every other row has `size`, of rising facts."""
    places = range(size)
    tables = ", ".join(f"varied_places as at_{place}" for place in places)
    columns = ", ".join(f"at_{place}.choice as choice_{place}" for place in places)
    order = ", ".join(f"at_{place}.choice" for place in places)
    rising = " and ".join(["true", *(f"at_{place}.fact < at_{place + 1}.fact" for place in places[:-1])])
    combined = f"""
union all by name
select row_number() over (order by {order})::integer as moment, {columns} from {tables} where {rising}"""
    return f"create or replace temp table varied_choices as select 0 as moment{combined if size else ''}"


def _states_sql(facts: Sequence[Fact], size: int, following: Mapping[str, str]) -> str:
    changed = {"moment": "varied_choices.moment", **_changed_columns(facts, size)}
    return f"""
create or replace temp view {VARIED} as
select * replace ({_replacing(following)})
from (
    select varied_base.* replace ({_replacing(changed)})
    from varied_choices, varied_base
)"""


def _replacing(columns: Mapping[str, str]) -> str:
    return ",\n    ".join(f"{sql} as {name}" for name, sql in columns.items())


def _changed_columns(facts: Sequence[Fact], size: int) -> dict[str, str]:
    """SQL per changed column; the names of signals are one column of several facts."""
    columns: dict[str, str] = {}
    signals, first = ["varied_base.signal_names"], 0
    for fact in facts:
        if fact.signal:
            signals.append(_signal_sql(fact, first, size))
        else:
            columns[fact.column] = _value_sql(fact, first, size)
        first += len(fact.others)
    return {**columns, "signal_names": f"list_concat({', '.join(signals)})"}


def _value_sql(fact: Fact, first: int, size: int) -> str:
    values = ", ".join("null" if piece.value is None else literal_sql(piece.value) for piece in fact.others)
    listed = f"[{values}]::{SQL_TYPES[COLUMNS[fact.column].type]}[]"
    whens = " ".join(
        f"when choice_{place} between {first} and {first + len(fact.others) - 1}"
        f" then list_extract({listed}, choice_{place} - {first} + 1)"
        for place in range(size)
    )
    return f"case {whens} else varied_base.{fact.column} end"


def _signal_sql(fact: Fact, choice: int, size: int) -> str:
    """A list that holds the signal's name where it has arrived."""
    is_chosen = " or ".join(f"coalesce(choice_{place} = {choice}, false)" for place in range(size))
    there, gone = f"[{literal_sql(fact.signal)}]", "[]::varchar[]"
    return f"case when {is_chosen} then {gone if fact.old else there} else {there if fact.old else gone} end"


def _following(
    connection: duckdb.DuckDBPyConnection, bundle: Bundle, state: State
) -> Iterator[tuple[str, str]]:
    """SQL of the columns that follow from others; where those are as they were, so is what follows."""
    present = " and ".join(f"({field.present_when})" for field in MINIMUM_CONTEXT)
    ((is_complete,),) = connection.execute(f"select {present} from varied_base").fetchall()
    yield (
        "has_minimum_context",
        f"case when ({present}) = {is_complete} then has_minimum_context else {present} end",
    )
    if reads_measures(bundle):
        for measure, flag in MEASURES.items():
            old = "null" if state[measure] is None else state[measure]
            above = f"{measure} > {getattr(bundle.grading.thresholds, measure)}"
            yield flag, f"case when {measure} is distinct from {old} then {above} else {flag} end"


def _register(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    connection.register(f"arrow_{name}", table)
    _execute(connection, f"create or replace temp table {name} as from arrow_{name}")
    connection.unregister(f"arrow_{name}")


def _execute(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    connection.execute(sql).fetchall()
