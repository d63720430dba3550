"""Classes changes set at a time: both decisions of an incident side by side, and what their difference means.

The classes are those of the decision model. What the candidate's action needs is measured against what
the baseline demands for that same action in that same state.
"""

from __future__ import annotations

from importlib.resources import files

import duckdb
import pyarrow as pa

from evidence.decision import Bundle
from evidence.decision.matrix import SCOPES, UNDOS, Action
from simulator.demands import demand
from simulator.replay import replay_history

CLASSES = "comparison_classes"


def classify(connection: duckdb.DuckDBPyConnection, bundles: tuple[Bundle, Bundle]) -> None:
    """Leaves `comparison_classes`: one row per incident with both decisions, what changed and its classes.

    Columns are those of comparison_pairs.sql and comparison_classes.sql; modes are places in MODES.
    """
    replays = replay_history(connection, bundles, with_recommendations=False, pairs=[(0, 1)])
    _keep(connection, "comparison_decisions", replays.decisions)
    _keep(connection, "comparison_partings", replays.partings)
    _keep(connection, "comparison_actions", _actions(bundles))
    _run(connection, "comparison_pairs")
    _run(connection, "comparison_points")
    demand(connection, bundles[0], "comparison_points", "comparison_demands")
    _run(connection, "comparison_classes")


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


def _run(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    sql = files("simulator").joinpath(f"{name}.sql").read_text(encoding="utf-8")
    connection.execute(f"create or replace temp table {name} as\n{sql}").fetchall()


def _keep(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    connection.register(f"arrow_{name}", table)
    connection.execute(f"create or replace temp table {name} as from arrow_{name}").fetchall()
    connection.unregister(f"arrow_{name}")
