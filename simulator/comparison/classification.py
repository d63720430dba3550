"""Classes changes set at a time: both decisions of an incident side by side, and what their difference means.

The classes are those of the decision model. What the candidate's action needs is measured against what
the baseline demands for that same action in that same state.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from importlib.resources import files

import duckdb
import pyarrow as pa

from evidence.decision import Bundle
from evidence.decision.matrix import SCOPES, UNDOS, Action
from simulator.comparison.demands import demand
from simulator.histories.history import STATES
from simulator.replays.replay import replay_slices

CLASSES = "comparison_classes"


def classify(
    connection: duckdb.DuckDBPyConnection,
    bundles: tuple[Bundle, Bundle],
    states: tuple[str, str] = (STATES, STATES),
) -> None:
    """Leaves `comparison_classes`: one row per incident with both decisions, what changed and its classes.

    `states` are the relations that the two decide on; what the baseline demands is asked of its own.
    Columns are those of comparison_pairs.sql and comparison_classes.sql; modes are places in MODES. Of a
    large history only numbers are kept: each distinct decision is written out once, and `comparison_pairs`
    and `comparison_classes` are views.
    """
    _execute(connection, _sql("comparison_begin"))
    for each in replay_slices(connection, bundles, states, with_recommendations=False, pairs=[(0, 1)]):
        with _registered(connection, slice_decisions=each.decisions, slice_partings=each.partings):
            _execute(connection, _sql("comparison_slice"))
    with _registered(connection, slice_actions=_actions(bundles)):
        _execute(connection, "create or replace temp table comparison_actions as from slice_actions")
    _execute(connection, f"create or replace temp view comparison_pairs as {_sql('comparison_pairs')}")
    _execute(connection, f"create or replace temp table comparison_points as {_sql('comparison_points')}")
    demand(connection, bundles[0], "comparison_points", "comparison_demands", states[0])
    _execute(connection, f"create or replace temp view {CLASSES} as {_sql('comparison_classes')}")


def _actions(bundles: tuple[Bundle, Bundle]) -> pa.Table:
    """Reach of every action: what it touches, then how it is undone; passive actions reach nothing."""
    rows = [
        {"side": side, "action": name, "reach": _reach(action)}
        for side, bundle in enumerate(bundles)
        for name, action in bundle.actions.items()
    ]
    schema = pa.schema([("side", pa.int32()), ("action", pa.string()), ("reach", pa.int32())])
    return pa.Table.from_pylist(rows, schema=schema)


def _reach(action: Action) -> int:
    if not action.is_active:
        return 0
    return SCOPES.index(action.scope) * len(UNDOS) + UNDOS.index(action.undo)


def _sql(name: str) -> str:
    return files("simulator.comparison").joinpath(f"{name}.sql").read_text(encoding="utf-8")


@contextlib.contextmanager
def _registered(connection: duckdb.DuckDBPyConnection, **tables: pa.Table) -> Iterator[None]:
    for name, table in tables.items():
        connection.register(name, table)
    yield
    for name in tables:
        connection.unregister(name)


def _execute(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    connection.execute(sql).fetchall()
