"""Owns the keys of moments under other gradings: read once, then regraded without deciding states anew.

A grading changes nothing but the graded columns. So the distinct states are graded by the production
statement, under many gradings at once, and only those parts of a key that read a graded column are
looked up anew: the confidence band, some bits, some policy inputs.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from evidence.decision.condition_parser import parse_condition
from evidence.decision.conditions import COLUMNS, Condition, columns_read
from evidence.decision.layout import Layout
from evidence.decision.policies import PolicyInput
from evidence.enrichment.grading import Grading, graded_sql
from evidence.tables import arrow_schema
from expectations.tables.enrichment import INCIDENT_STATES
from simulator.attribution.key_decisions import Key
from simulator.faults.truth import truth

GRADED = (
    "confidence",
    "severity",
    "impact",
    "is_error_rate_over_policy",
    "is_latency_over_policy",
    "is_resource_pressure_over_policy",
)
GRADINGS_MAX = 32  # in one statement: one of many parts takes long to plan

Keyed = tuple[tuple[int, Key], ...]  # known_at in ns UTC and key of each moment up to the horizon, by time
Row = Mapping[str, Any]
Values = tuple[Any, ...]  # of GRADED


def columns_to_regrade(layout: Layout, grading: Grading) -> tuple[str, ...]:
    """Columns of the states that a grading reads or writes, or a condition that reads what it writes."""
    statement = graded_sql(grading, "states")
    read = {name for name in COLUMNS if re.search(rf"\b{name}\b", statement)}
    for condition in (*_graded_bits(layout).values(), *_graded_inputs(layout).values()):
        read |= columns_read(condition)
    return tuple(name for name in COLUMNS if name in read)


class RegradedKeys:
    """Moments of some incidents, by incident: known_at and key, and the state's `columns_to_regrade`."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        layout: Layout,
        moments: Mapping[str, Keyed],
        rows: Mapping[str, Sequence[Row]],
    ) -> None:
        self.connection = connection
        self.layout = layout
        self.bits = _graded_bits(layout)
        self.inputs = _graded_inputs(layout)
        self.moments = moments
        self.states: list[Row] = []
        places: dict[object, int] = {}
        self.state_of: dict[str, list[int]] = {}
        for incident, listed in rows.items():
            for row in listed:
                place = places.setdefault(_distinct(row), len(self.states))
                if place == len(self.states):
                    self.states.append(row)
                self.state_of.setdefault(incident, []).append(place)
        self._keys: dict[tuple[Key, int, Values], Key] = {}
        self._register()

    @property
    def columns_read(self) -> frozenset[str]:
        """Columns that the looked-up parts of a key read, graded ones included."""
        conditions = (*self.bits.values(), *self.inputs.values())
        return frozenset(name for each in conditions for name in columns_read(each))

    def graded(self, gradings: Sequence[Grading]) -> list[list[Values]]:
        """Per grading and distinct state the graded columns."""
        found: list[list[Values]] = []
        for start in range(0, len(gradings), GRADINGS_MAX):
            found += self._graded(gradings[start : start + GRADINGS_MAX])
        return found

    def regraded(self, incident: str, values: Sequence[Values]) -> Keyed:
        """The incident's moments where the distinct states have these graded columns."""
        return changes(
            (known_at, self._key(key, place, values[place]))
            for (known_at, key), place in zip(self.moments[incident], self.state_of[incident], strict=True)
        )

    def _register(self) -> None:
        fields = {field.name: field for field in arrow_schema(INCIDENT_STATES)}
        columns = list(self.states[0]) if self.states else []
        schema = pa.schema([("place", pa.int64()), *(pa.field(name, fields[name].type) for name in columns)])
        rows = [{"place": place, **row} for place, row in enumerate(self.states)]
        self.connection.register("arrow_distinct_states", pa.Table.from_pylist(rows, schema=schema))
        sql = "create or replace temp table distinct_states as from arrow_distinct_states"
        self.connection.execute(sql).fetchall()

    def _graded(self, gradings: Sequence[Grading]) -> list[list[Values]]:
        columns = ", ".join(GRADED)
        parts = [
            f"select {number} as grading, place, {columns} from ({graded_sql(each, 'distinct_states')})"
            for number, each in enumerate(gradings)
        ]
        sql = " union all ".join(parts) + " order by grading, place"
        found: list[list[Values]] = [[] for _ in gradings]
        for number, _, *values in self.connection.execute(sql).fetchall():
            found[number].append(tuple(values))
        return found

    def _key(self, key: Key, place: int, values: Values) -> Key:
        asked = (key, place, values)
        if asked not in self._keys:
            state = {**self.states[place], **dict(zip(GRADED, values, strict=True))}
            self._keys[asked] = key._replace(
                bits=self._bits(key.bits, state),
                confidence_band=bisect_right(self.layout.confidence_cuts, state["confidence"] or 0),
                policy_key=self._policy_key(key.policy_key, state),
            )
        return self._keys[asked]

    def _bits(self, bits: int, state: Row) -> int:
        for number, condition in self.bits.items():
            value = truth(condition, state)
            is_set = value is not False if self.layout.bits[number].is_raising else value is True
            bits = bits | 1 << number if is_set else bits & ~(1 << number)
        return bits

    def _policy_key(self, policy_key: int, state: Row) -> int:
        size = 1
        for number, declared in enumerate(self.layout.inputs):
            choices = len(declared.domain) + 1
            if number in self.inputs:
                value = truth(self.inputs[number], state)
                code = 0 if value is None else 1 + value
                policy_key += (code - policy_key // size % choices) * size
            size *= choices
        return policy_key


def changes(moments: Iterable[tuple[int, Key]]) -> Keyed:
    """The moments without those whose key is that of the moment before: what is decided there stays."""
    kept: list[tuple[int, Key]] = []
    for known_at, key in moments:
        if not kept or kept[-1][1] != key:
            kept.append((known_at, key))
    return tuple(kept)


def _graded_bits(layout: Layout) -> dict[int, Condition]:
    """Numbers of the bits whose condition reads a graded column."""
    parsed = {number: parse_condition(bit.text) for number, bit in enumerate(layout.bits)}
    return {number: each for number, each in parsed.items() if not columns_read(each).isdisjoint(GRADED)}


def _graded_inputs(layout: Layout) -> dict[int, Condition]:
    """Places of the policy inputs that read a graded column, each as the condition that it is."""
    found = {number: _condition_of(declared) for number, declared in enumerate(layout.inputs)}
    return {
        number: each
        for number, each in found.items()
        if each is not None and not columns_read(each).isdisjoint(GRADED)
    }


def _condition_of(declared: PolicyInput) -> Condition | None:
    """The input as a condition; None for a column of texts, which no grading writes."""
    if declared.that is not None:
        return parse_condition(declared.that)
    return parse_condition(str(declared.column)) if declared.domain == (False, True) else None


def _distinct(row: Row) -> object:
    return tuple(tuple(value) if isinstance(value, list) else value for value in row.values())
