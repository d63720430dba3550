"""Owns whether the ticks in a history are those that a grading declares, so that they need not be made anew.

Ticking anew joins the wide states with themselves, which costs several times what a replay does. It is
needed only for bundles that read an ageing column, and not where the check finds the ticks already there.
"""

from __future__ import annotations

import duckdb

from evidence.enrichment.grading import Grading, retick_sql

MINUTE_NS = 60_000_000_000


def ticked_by(connection: duckdb.DuckDBPyConnection, grading: Grading, states: str) -> str:
    """What may stand after FROM: the states with the ticks of `grading`, as they are or made anew."""
    if are_as_declared(connection, grading, states):
        return states
    return f"({retick_sql(grading, states)})"


def are_as_declared(connection: duckdb.DuckDBPyConnection, grading: Grading, states: str) -> bool:
    """Whether ticking anew would give the same moments, counts and ages: told from the data, read once more.

    That a tick repeats the state before it is taken from the table's contract.
    """
    return not connection.execute(_faults_sql(grading, states)).fetchall()[0][0]


def _faults_sql(grading: Grading, states: str) -> str:
    """How many incidents have a tick too many or too few, or a wrong count or age."""
    offsets = [minute * MINUTE_NS for minute in grading.tick_minutes]
    passed = " + ".join(f"coalesce(known_at >= first_signal_at + {each}, false)::integer" for each in offsets)
    is_declared = " or ".join(f"known_at - signalled_at = {each}" for each in offsets) or "false"
    declared = " + ".join(f"(signalled_at + {each} > begun_at)::integer" for each in offsets)
    return f"""
with begun as (
    select
        incident_id,
        min(first_signal_at) filter (not is_tick) as signalled_at,
        min(known_at) filter (not is_tick) as begun_at
    from {states}
    group by incident_id
),
told as (
    select
        incident_id,
        signalled_at,
        begun_at,
        is_tick,
        coalesce(({is_declared}) and known_at > begun_at, false) as is_declared,
        tick_count <> {passed or "0"}
            or seconds_since_change is distinct from (known_at - change_at) // 1000000000 as is_wrong
    from {states}
    join begun using (incident_id)
)
select count(*)
from (
    select incident_id
    from told
    group by incident_id
    having bool_or(is_wrong or (is_tick and not is_declared))
        or count(*) filter (is_declared) <> coalesce(max({declared or "0"}), 0)
)"""
