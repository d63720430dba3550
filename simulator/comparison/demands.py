"""Owns what a bundle demands of an action in a recorded state, whether or not it would choose that action.

A candidate's decision weakens an approval when its action needs less than the baseline demands *for that
same action in that state*: comparing the two chosen actions would compare different things.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from evidence.decision import Bundle
from evidence.decision.kernel import Kernel
from evidence.decision.matrix import MODES, Action, required_approvers
from evidence.enrichment.grading import graded_sql, retick_sql
from simulator.histories.history import STATES
from simulator.replays.key_runs import reads_ageing

DENIED = len(MODES)  # stricter than every mode


def demand(
    connection: duckdb.DuckDBPyConnection, bundle: Bundle, points: str, demands: str, states: str = STATES
) -> None:
    """Leaves the table `demands`: what `bundle` demands at each point.

    `points` is a relation of (incident_id, known_at, action), unique by incident; the state is the last
    one of `states` known by then, graded by the bundle. One row per point whose action the bundle has:
    incident_id, mode (place in MODES; DENIED when policy denies it even with approval) and approvers (sorted
    roles, as if approval were required). Overwrites the kernel's tables.
    """
    _execute(connection, _states_sql(bundle, points, states))
    kernel = Kernel.of([bundle])
    kernel.run(connection, "demand_states")
    keys = ", ".join(kernel.layout.key_columns)
    cases = "\nunion all\n".join(_demand_sql(kernel, bundle, points, name) for name in bundle.actions)
    _execute(
        connection,
        f"""
create or replace temp table {demands} as
with asked as (
    select points.incident_id, points.action, masks.*
    from {points} as points
    join kernel_states using (incident_id)
    join kernel_masks_0 as masks using ({keys})
)
{cases}
order by incident_id""",
    )


def _states_sql(bundle: Bundle, points: str, relation: str) -> str:
    """The state of each point: of the bundle's own moments the last one known by then.

    A view, so that only the columns that the bundle reads are read. A tick repeats the state before it:
    where no ageing column is read, the ticks of another bundle are as good as the bundle's own.
    """
    near = f"(select states.* from {relation} as states semi join {points} using (incident_id))"
    moments = f"({retick_sql(bundle.grading, near)})" if reads_ageing(bundle) else near
    found = f"""(
    select states.*
    from {points} as points
    asof join {moments} as states
        on points.incident_id = states.incident_id and points.known_at >= states.known_at
)"""
    return f"create or replace temp view demand_states as {graded_sql(bundle.grading, found)}"


def _demand_sql(kernel: Kernel, bundle: Bundle, points: str, name: str) -> str:
    action = bundle.actions[name]
    if not action.is_active:
        # It has one mode whatever the state, also before anything has arrived.
        mode, approvers, asked = (
            str(MODES.index(action.mode)),
            _roles_sql(required_approvers(action, 0)),
            points,
        )
    else:
        place = bundle.rung(name) - 1
        asked = "asked"
        mode = (
            f"case when (denied >> {place}) & 1 = 1 then {DENIED}"
            f" when (approval >> {place}) & 1 = 1 then 2 when (gated >> {place}) & 1 = 1 then 1 else 0 end"
        )
        approvers = f"case {' '.join(_approver_cases(kernel, action))} end"
    return f"""select
    incident_id,
    ({mode})::integer as mode,
    ({approvers})::varchar[] as approvers
from {asked}
where action = '{name}'"""


def _approver_cases(kernel: Kernel, action: Action) -> Iterator[str]:
    """One case per combination of the action's also clauses."""
    bits = [kernel.layout.bit(also.when, is_raising=True) for also in action.also]
    for mask in range(1 << len(bits)):
        applies = " and ".join(
            f"(also_bits >> {bit}) & 1 = {mask >> place & 1}" for place, bit in enumerate(bits)
        )
        yield f"when {applies or 'true'} then {_roles_sql(required_approvers(action, mask))}"


def _roles_sql(roles: tuple[str, ...]) -> str:
    """Roles are names of the checked bundle: letters, digits and underscores."""
    return "[" + ", ".join(f"'{role}'" for role in roles) + "]"


def _execute(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    connection.execute(sql).fetchall()
