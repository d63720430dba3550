"""Replays recorded history against playbook bundles, with the kernel that production decides by."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from evidence.decision import Bundle
from evidence.decision.codes import Recommendation
from evidence.decision.kernel import STATES
from evidence.decision.matrix import Mode, Option
from simulator.replays.key_runs import SCRATCH, States, passes_of, read_runs
from simulator.replays.memory_bounds import bounded
from simulator.replays.run_codes import TEXTS, decide_runs, name_codes
from simulator.replays.slices import Slice

INCIDENTS = "intake.incidents"
SLICE_INCIDENTS = 100_000  # incidents whose runs, records and words are in memory at a time
# One row per bundle and incident, in that order; times in ns UTC.
DECISIONS = pa.schema(
    [
        pa.field("bundle", pa.int32(), nullable=False),  # place among the bundles asked for
        pa.field("incident_id", pa.string(), nullable=False),
        pa.field("option", pa.string(), nullable=False),
        pa.field("action", pa.string(), nullable=False),
        pa.field("mode", pa.string(), nullable=False),
        pa.field("approvers", TEXTS, nullable=False),
        pa.field("basis", pa.string(), nullable=False),
        pa.field("moment", pa.int32(), nullable=False),
        pa.field("decided_at", pa.int64(), nullable=False),
        pa.field("horizon_at", pa.int64(), nullable=False),
        pa.field("is_withdrawn", pa.bool_(), nullable=False),
        pa.field("first_automatic_at", pa.int64()),
        pa.field("hindsight_action", pa.string(), nullable=False),
        pa.field("preferred_action", pa.string()),  # NULL where policy changed nothing
    ]
)
# One row per bundle, incident and change of the recommendation along its moments, in that order.
RECOMMENDATIONS = pa.schema(
    [
        pa.field("bundle", pa.int32(), nullable=False),
        pa.field("incident_id", pa.string(), nullable=False),
        pa.field("moment", pa.int32(), nullable=False),
        pa.field("known_at", pa.int64(), nullable=False),
        pa.field("option", pa.string(), nullable=False),
        pa.field("action", pa.string(), nullable=False),
        pa.field("mode", pa.string(), nullable=False),
        pa.field("approvers", TEXTS, nullable=False),
        pa.field("is_hindsight", pa.bool_(), nullable=False),
    ]
)
# One row per pair of bundles and incident, in that order.
PARTINGS = pa.schema(
    [
        pa.field("pair", pa.int32(), nullable=False),  # place among the pairs asked for
        pa.field("incident_id", pa.string(), nullable=False),
        # Action, mode, approvers or time of the decision of record. Moments are numbered by each
        # bundle's own ticks, so that times are compared and not numbers.
        pa.field("is_decision_changed", pa.bool_(), nullable=False),
        pa.field("is_path_changed", pa.bool_(), nullable=False),
        # First moment up to the horizon from which the two recommend differently; NULL where never.
        pa.field("parted_at", pa.int64()),
    ]
)


@dataclass(frozen=True, slots=True)
class Replayed:
    """One bundle's decision of record on one incident; times in ns UTC."""

    bundle_digest: str
    incident_id: str
    recommendation: Recommendation
    basis: str
    moment: int
    decided_at: int
    is_withdrawn: bool
    first_automatic_at: int | None
    hindsight_action: str


@dataclass(frozen=True, slots=True)
class Replays:
    """What some bundles decide on a history: tables shaped DECISIONS, RECOMMENDATIONS and PARTINGS."""

    decisions: pa.Table
    recommendations: pa.Table
    partings: pa.Table


def replay(connection: duckdb.DuckDBPyConnection, bundles: Sequence[Bundle]) -> list[tuple[Replayed, ...]]:
    """Per bundle, in the order given, every incident's decision of record by incident."""
    decisions = replay_history(connection, bundles, with_recommendations=False).decisions
    replayed: list[list[Replayed]] = [[] for _ in bundles]
    for row in decisions.to_pylist():
        replayed[row["bundle"]].append(_replayed(bundles[row["bundle"]], row))
    return [tuple(each) for each in replayed]


def replay_history(
    connection: duckdb.DuckDBPyConnection,
    bundles: Sequence[Bundle],
    states: States = STATES,
    *,
    with_recommendations: bool = True,
    pairs: Sequence[tuple[int, int]] = (),
) -> Replays:
    """Decide a history with every bundle, set at a time.

    Reads `states` (a relation shaped like incident_states, or one per bundle) and `intake.incidents`. States
    are graded and ticked anew by each bundle's own grading. `pairs` are places of a baseline and a candidate
    among the bundles. Without recommendations their table is empty.
    """
    slices = list(
        replay_slices(connection, bundles, states, with_recommendations=with_recommendations, pairs=pairs)
    )
    return Replays(
        _gathered([each.decisions for each in slices], DECISIONS, "bundle", len(bundles)),
        _gathered([each.recommendations for each in slices], RECOMMENDATIONS, "bundle", len(bundles)),
        _gathered([each.partings for each in slices], PARTINGS, "pair", len(pairs)),
    )


def replay_slices(
    connection: duckdb.DuckDBPyConnection,
    bundles: Sequence[Bundle],
    states: States = STATES,
    *,
    with_recommendations: bool = True,
    pairs: Sequence[tuple[int, int]] = (),
    slice_incidents: int = SLICE_INCIDENTS,
) -> Iterator[Replays]:
    """As `replay_history`, in pieces of so many incidents, in their order: for histories larger than memory.

    The tables of a piece are ordered like those of the whole. Between two pieces `connection` can be used;
    until the last one DuckDB's memory is bounded.
    """
    if not bundles:
        return
    passes = passes_of(bundles, states)
    with bounded(connection), _scratch(connection) as work:
        count = _number_incidents(connection)
        for each in passes:
            read_runs(connection, work, each)
            decide_runs(work, each)
        name_codes(work, passes, bundles)
        for first in range(0, count, slice_incidents):
            part = Slice(first, min(first + slice_incidents, count), tuple(passes), tuple(pairs))
            yield _read_slice(work, part, with_recommendations=with_recommendations)


@contextlib.contextmanager
def _scratch(connection: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """A second cursor, with a database in memory beside the connection's own that both see."""
    _execute(connection, f"attach ':memory:' as {SCRATCH}")
    work = connection.cursor()
    try:
        yield work
    finally:
        work.close()
        _execute(connection, f"detach {SCRATCH}")


def _number_incidents(connection: duckdb.DuckDBPyConnection) -> int:
    """Leaves the incidents in the scratch database, numbered from 0 in their order; how many there are."""
    _execute(
        connection,
        f"""
create table {SCRATCH}.incidents as
select
    (row_number() over (order by incident_id) - 1)::integer as incident_no,
    incident_id,
    least(action_taken_at, mitigated_at, window_end) as horizon_at
from {INCIDENTS}
order by incident_id""",
    )
    return int(connection.execute(f"select count(*) from {SCRATCH}.incidents").fetchall()[0][0])


def _read_slice(work: duckdb.DuckDBPyConnection, part: Slice, *, with_recommendations: bool) -> Replays:
    part.build(work)
    return Replays(
        _read(work, part.decisions_sql(), DECISIONS),
        _read(work, part.recommendations_sql() if with_recommendations else None, RECOMMENDATIONS),
        _read(work, part.partings_sql() if part.pairs else None, PARTINGS),
    )


def _gathered(parts: list[pa.Table], schema: pa.Schema, by: str, count: int) -> pa.Table:
    """The rows of the pieces, ordered by `by` first (0 … count - 1), then by piece."""
    ordered = [part.filter(pc.field(by) == place) for place in range(count) for part in parts]
    return pa.concat_tables([schema.empty_table(), *ordered])


def _read(connection: duckdb.DuckDBPyConnection, sql: str | None, schema: pa.Schema) -> pa.Table:
    if sql is None:
        return schema.empty_table()
    return connection.sql(sql).to_arrow_table().select(schema.names).cast(schema)


def _replayed(bundle: Bundle, row: dict[str, Any]) -> Replayed:
    return Replayed(
        bundle_digest=bundle.digest,
        incident_id=row["incident_id"],
        recommendation=Recommendation(
            row["action"],
            Option(row["option"]),
            Mode(row["mode"]),
            tuple(row["approvers"]),
            bundle.actions[row["action"]].is_active,
            bundle.rung(row["action"]),
        ),
        basis=row["basis"],
        moment=row["moment"],
        decided_at=row["decided_at"],
        is_withdrawn=row["is_withdrawn"],
        first_automatic_at=row["first_automatic_at"],
        hindsight_action=row["hindsight_action"],
    )


def _execute(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    connection.execute(sql).fetchall()
