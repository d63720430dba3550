"""Owns the decision of record: which of an incident's recommendations counts, for any number of bundles.

Committed is the first active recommendation up to the horizon; when there is none, standing is the last
one before it, dated at its last change. A response begins with a signal: moments before the first one
are not decided, or the decision would be dated before there was anything to decide. An incident of
which nothing had arrived by its horizon is decided on the blank state, at moment 0.
"""

from __future__ import annotations

from importlib.resources import files

import duckdb

from evidence.decision.codes import CODE_SIZE, is_active_sql, is_automatic_sql
from evidence.decision.kernel import STATES, Kernel
from evidence.decision.states import blank_state_sql
from evidence.errors import ContractError


def record_decisions(
    connection: duckdb.DuckDBPyConnection,
    kernel: Kernel,
    states: str = STATES,
    only_incident: str | None = None,
) -> None:
    """Decide all states, or those of one incident, and find each bundle's decisions of record.

    Reads `intake.incidents`. Leaves the kernel's tables, `kernel_decided_states` (the states with
    blank ones added), `kernel_horizons` and `kernel_records`: one row per bundle and incident with
    bundle, incident_id, code, basis, moment, decided_at, horizon_at, is_withdrawn,
    first_automatic_at and hindsight_code.
    """
    find_decided_states(connection, states, only_incident)
    kernel.run(connection, "kernel_decided_states")
    _execute(connection, _extremes_sql(kernel))
    _execute(connection, _lasts_sql(kernel))
    _execute(connection, _records_sql(kernel))


def find_decided_states(
    connection: duckdb.DuckDBPyConnection, states: str = STATES, only_incident: str | None = None
) -> None:
    """Find what there is to decide: all states, or those of one incident, that a decision can rest on.

    Reads `intake.incidents`. Leaves `kernel_decided_states` and `kernel_horizons`. Raises ContractError
    for states of an incident that is not there.
    """
    connection.execute(read_sql("horizons"), {"only_incident": only_incident}).fetchall()
    if only_incident is None:
        _refuse_unknown_incidents(connection, states)
    _execute(connection, _decided_states_sql(states))


def read_sql(name: str) -> str:
    """The statement kept beside this module under that name."""
    return files("evidence.decision").joinpath(f"{name}.sql").read_text(encoding="utf-8")


def _refuse_unknown_incidents(connection: duckdb.DuckDBPyConnection, states: str) -> None:
    unknown = connection.execute(
        f"select distinct incident_id from {states} anti join kernel_horizons using (incident_id) order by 1"
    ).fetchall()
    if unknown:
        raise ContractError(
            f"incident {unknown[0][0]} has states but is not in intake.incidents",
            remedy="Build intake and enrichment from the same folder",
        )


def _decided_states_sql(states: str) -> str:
    blank = blank_state_sql(incident_id="incident_id", moment="0", known_at="horizon_at")
    return f"""
create or replace temp view kernel_decided_states as
with arrivals as (
    select
        incident_id,
        min(states.known_at) <= min(horizon_at) as has_arrived,
        -- The count never falls, so that dropping what precedes the first signal leaves no gap.
        coalesce(min(states.known_at) filter (where signal_count > 0) <= min(horizon_at), false)
            as is_signalled
    from {states} as states
    join kernel_horizons using (incident_id)
    group by incident_id
)
select states.*
from {states} as states
join arrivals using (incident_id)
where states.signal_count > 0 or not is_signalled
union all by name
select
    {blank}
from kernel_horizons
left join arrivals using (incident_id)
where not coalesce(has_arrived, false)"""


def _extremes_sql(kernel: Kernel) -> str:
    """One row per incident: the first and last codes that matter, packed with their moments."""
    columns = ",\n    ".join(
        f"min(case when {is_active_sql(bundle, f'code_{i}')} and is_in_time then {_packed(i)} end)"
        f" as committed_{i},\n"
        f"    max(case when is_in_time then {_packed(i)} end) as standing_{i},\n"
        f"    max({_packed(i)}) as last_{i},\n"
        f"    min(case when {is_active_sql(bundle, f'code_{i}')} and {is_automatic_sql(f'code_{i}')}"
        f" and is_in_time then known_at end) as first_automatic_{i}"
        for i, bundle in enumerate(kernel.bundles)
    )
    return f"""
create or replace temp table kernel_extremes as
with codes as (
    select kernel_codes.*, horizon_at, known_at <= horizon_at as is_in_time
    from kernel_codes
    join kernel_horizons using (incident_id)
)
select
    incident_id,
    min(horizon_at) as horizon_at,
    {columns}
from codes
group by incident_id"""


def _lasts_sql(kernel: Kernel) -> str:
    """One row per incident: the last moment in time at which something else than the standing code held."""
    columns = ",\n    ".join(
        f"max(case when code_{i} <> standing_{i} % {CODE_SIZE} then moment end) as other_{i},\n"
        f"    bool_or(moment > committed_{i} // {CODE_SIZE}"
        f" and code_{i} // 32 <> committed_{i} % {CODE_SIZE} // 32) as is_withdrawn_{i}"
        for i in range(len(kernel.bundles))
    )
    return f"""
create or replace temp table kernel_lasts as
select
    incident_id,
    min(moment) as first_moment,
    {columns}
from kernel_codes
join kernel_extremes using (incident_id)
where known_at <= horizon_at
group by incident_id"""


def _records_sql(kernel: Kernel) -> str:
    each = "\nunion all\n".join(_record_sql(i) for i in range(len(kernel.bundles)))
    return f"""
create or replace temp table kernel_records as
with records as (
{each}
)
select records.*, codes.known_at as decided_at
from records
join kernel_codes as codes using (incident_id, moment)
order by bundle, incident_id"""


def _record_sql(i: int) -> str:
    return f"""
    select
        {i} as bundle,
        incident_id,
        coalesce(committed_{i}, standing_{i}) % {CODE_SIZE} as code,
        case when committed_{i} is null then 'standing' else 'committed' end as basis,
        coalesce(committed_{i} // {CODE_SIZE}, other_{i} + 1, first_moment)::integer as moment,
        horizon_at,
        coalesce(is_withdrawn_{i}, false) as is_withdrawn,
        first_automatic_{i} as first_automatic_at,
        last_{i} % {CODE_SIZE} as hindsight_code
    from kernel_extremes
    join kernel_lasts using (incident_id)"""


def _packed(i: int) -> str:
    """Moment and code in one integer, so that one aggregate finds both."""
    return f"moment::bigint * {CODE_SIZE} + code_{i}"


def _execute(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    connection.execute(sql).fetchall()
