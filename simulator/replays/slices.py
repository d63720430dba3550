"""Owns what follows from decided runs, for a slice of the incidents at a time: records, paths, partings.

Incidents are independent of each other, so that a slice needs no more memory than its own runs take. The
decision of record is the one of `evidence.decision.records`, and a test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from simulator.replays.key_runs import IS_AT_TICK, IS_IN_TIME, IS_SIGNALLED, MOMENTS, NEVER, SCRATCH, Pass
from simulator.replays.run_codes import coded_sql

ACTION_CODES = 32  # codes of one action: its modes and also clauses


@dataclass(frozen=True)
class Slice:
    """Incidents numbered from `first` up to but not including `end`, and what is asked about them."""

    first: int
    end: int
    passes: tuple[Pass, ...]
    pairs: tuple[tuple[int, int], ...]

    def build(self, work: duckdb.DuckDBPyConnection) -> None:
        """Leave `slice_records` (one row per bundle and incident) and per pass its `slice_path_<n>`."""
        for each in self.passes:
            for sql in (
                self.differences_sql(each),
                _runs_sql(each, self.first, self.end),
                _incidents_sql(each, self.first, self.end),
                _path_sql(each),
                self._extremes_sql(each),
            ):
                _execute(work, sql)
        records = [_record_sql(each, place) for each in self.passes for place in each.bundles]
        _execute(work, f"create or replace temp table slice_records as {_union(records)}")

    def decisions_sql(self) -> str:
        """The records in words, shaped like replay.DECISIONS, by bundle and incident."""
        return f"""
select
    records.bundle, incident_id, codes.option, codes.action, codes.mode, codes.approvers, basis, moment,
    decided_at, records.horizon_at, is_withdrawn, first_automatic_at, hindsights.action as hindsight_action,
    rungs.action as preferred_action
from slice_records as records
join {SCRATCH}.incidents using (incident_no)
join code_words as codes on codes.bundle = records.bundle and codes.code = records.code
join code_words as hindsights
    on hindsights.bundle = records.bundle and hindsights.code = records.hindsight_code
left join rung_words as rungs on rungs.bundle = records.bundle and rungs.preferred = records.preferred
order by records.bundle, incident_no"""

    def recommendations_sql(self) -> str:
        """Every change of a recommendation, shaped like replay.RECOMMENDATIONS, by bundle and moment."""
        changes = [_changes_sql(each, place) for each in self.passes for place in each.bundles]
        return f"""
select
    bundle, incident_id, moment, known_at, option, action, mode, approvers, is_hindsight
from ({_union(changes)})
join {SCRATCH}.incidents using (incident_no)
join code_words using (bundle, code)
order by bundle, incident_no, moment"""

    def partings_sql(self) -> str:
        """Where the two of each pair part, shaped like replay.PARTINGS, by pair and incident."""
        partings = _union([self._parting_sql(number) for number in range(len(self.pairs))])
        return f"""
select pair, incident_id, is_decision_changed, parted_at is not null as is_path_changed, parted_at
from ({partings})
join {SCRATCH}.incidents using (incident_no)
order by pair, incident_no"""

    def _pass_of(self, place: int) -> Pass:
        return next(each for each in self.passes if place in each.bundles)

    def _pairs_within(self, each: Pass) -> Iterator[tuple[int, int, int]]:
        for number, (baseline, candidate) in enumerate(self.pairs):
            if {baseline, candidate} <= each.bundles.keys():
                yield number, baseline, candidate

    def differences_sql(self, each: Pass) -> str:
        """Leaves `differences_<n>`: per vector of the pass and pair within it, whether the two differ."""
        pairs = list(self._pairs_within(each))
        columns = "".join(
            f",\n    words_{a}.recommendation <> words_{b}.recommendation as differs_{number}"
            for number, a, b in pairs
        )
        joins = "".join(
            f"\njoin code_words as words_{place} on words_{place}.bundle = {place}"
            f" and words_{place}.code = code_{place}"
            for place in sorted({place for _, *both in pairs for place in both})
        )
        return f"""
create or replace temp table differences_{each.number} as
select
    vector{columns}
from {each.table("vectors")}{joins}"""

    def _extremes_sql(self, each: Pass) -> str:
        """One row per incident: the runs that matter, each moment packed with its vector."""
        packed = f"moment::bigint * {MOMENTS} + vector"
        columns = "".join(f",\n    {_extremes_of(place, packed)}" for place in each.bundles)
        partings = "".join(
            f",\n    min(case when is_in_time and differs_{number} then known_at end) as parted_at_{number}"
            for number, _, _ in self._pairs_within(each)
        )
        return f"""
create or replace temp table slice_extremes_{each.number} as
select
    incident_no,
    max({packed}) as last{columns}{partings}
from slice_path_{each.number}
join {each.table("vectors")} as now using (vector)
join differences_{each.number} using (vector)
left join {each.table("vectors")} as earlier on earlier.vector = vector_before
group by incident_no"""

    def _parting_sql(self, number: int) -> str:
        baseline, candidate = self.pairs[number]
        each = self._pass_of(baseline)
        if candidate in each.bundles:
            partings = (
                f"select incident_no, parted_at_{number} as parted_at from slice_extremes_{each.number}"
            )
        else:
            partings = _stepwise_sql(each, baseline, self._pass_of(candidate), candidate)
        return f"""
select
    {number} as pair,
    incident_no,
    (old.recommendation, old.decided_at) is distinct from (new.recommendation, new.decided_at)
        as is_decision_changed,
    parted_at
from ({_recommended_sql(baseline)}) as old
join ({_recommended_sql(candidate)}) as new using (incident_no)
left join ({partings}) as partings using (incident_no)"""


def _runs_sql(each: Pass, first: int, end: int) -> str:
    return f"""
create or replace temp table slice_runs_{each.number} as
select
    (place // {MOMENTS})::integer as incident_no,
    (place % {MOMENTS})::integer as moment,
    known_at,
    first_signal_at,
    flags & {IS_SIGNALLED} <> 0 as is_signalled,
    flags & {IS_IN_TIME} <> 0 as is_in_time,
    flags & {IS_AT_TICK} <> 0 as is_at_tick,
    vector
from ({coded_sql(each)})
where place >= {first * MOMENTS} and place < {end * MOMENTS}"""


def _incidents_sql(each: Pass, first: int, end: int) -> str:
    """One row per incident: what of it had arrived when, the stored ticks, and the declared ones by offset.

    A declared tick has a moment of its own unless evidence arrived at that very time.
    """
    hits = "".join(
        f",\n        bool_or(is_at_tick and known_at - first_signal_at = {offset}) as is_hit_{offset}"
        for offset in each.tick_offsets
    )
    declared = "".join(
        f",\n    case when coalesce(is_hit_{offset}, true) or first_signal_at = {NEVER}"
        f" or first_signal_at + {offset} <= first_known_at then {NEVER} else first_signal_at + {offset} end"
        f" as tick_{offset}"
        for offset in each.tick_offsets
    )
    return f"""
create or replace temp table slice_incidents_{each.number} as
with arrivals as (
    select
        incident_no,
        min(first_signal_at) as first_signal_at,
        min(known_at) as first_known_at,
        bool_or(is_in_time) as has_arrived,
        bool_or(is_signalled and is_in_time) as is_signalled{hits}
    from slice_runs_{each.number}
    group by incident_no
),
ticks as (
    select
        (place // {MOMENTS})::integer as incident_no,
        list((place % {MOMENTS})::integer order by place) as stored_ticks
    from {each.table("ticks")}
    where place >= {first * MOMENTS} and place < {end * MOMENTS}
    group by incident_no
)
select
    incident_no,
    horizon_at,
    coalesce(has_arrived, false) as has_arrived,
    coalesce(is_signalled, false) as is_signalled,
    coalesce(stored_ticks, []) as stored_ticks{declared}
from {SCRATCH}.incidents
left join arrivals using (incident_no)
left join ticks using (incident_no)
where incident_no >= {first} and incident_no < {end}"""


def _path_sql(each: Pass) -> str:
    """The runs that are decided: from the first signal in time on, where there was one; else all, and the
    blank state at the horizon where nothing had arrived by then."""
    return f"""
create or replace temp table slice_path_{each.number} as
with decided as (
    select incident_no, moment, known_at, is_in_time, vector
    from slice_runs_{each.number} as runs
    join slice_incidents_{each.number} as incidents using (incident_no)
    where runs.is_signalled or not incidents.is_signalled
    union all
    select incident_no, 0, horizon_at, true, vector
    from slice_incidents_{each.number}
    cross join {each.table("blanks")}
    where not has_arrived
)
select
    *,
    lag(vector) over (partition by incident_no order by moment) as vector_before
from decided"""


def _extremes_of(place: int, packed: str) -> str:
    now, earlier = f"now.code_{place}", f"earlier.code_{place}"
    is_active = f"is_in_time and now.is_active_{place}"
    is_change = f"is_in_time and {now} is distinct from {earlier}"
    is_other_action = f"is_in_time and {now} // {ACTION_CODES} is distinct from {earlier} // {ACTION_CODES}"
    columns = {
        "committed": f"min(case when {is_active} then {packed} end)",
        "committed_at": f"min(case when {is_active} then known_at end)",
        "standing": f"max(case when {is_change} then {packed} end)",
        "standing_at": f"max(case when {is_change} then known_at end)",
        "acted": f"max(case when {is_other_action} then moment end)",
        "first_automatic_at": f"min(case when is_in_time and now.is_automatic_{place} then known_at end)",
    }
    return ",\n    ".join(f"{sql} as {name}_{place}" for name, sql in columns.items())


def _record_sql(each: Pass, place: int) -> str:
    return f"""
select
    {place} as bundle,
    incident_no,
    held.code_{place} as code,
    basis,
    {_renumbered(each, place)} as moment,
    decided_at,
    horizon_at,
    is_withdrawn,
    first_automatic_at,
    latest.code_{place} as hindsight_code,
    held.preferred_{place} as preferred
from (
    select
        incident_no,
        (coalesce(committed_{place}, standing_{place}) // {MOMENTS})::integer as moment,
        coalesce(committed_{place}, standing_{place}) % {MOMENTS} as vector_held,
        last % {MOMENTS} as vector_last,
        coalesce(committed_at_{place}, standing_at_{place}) as decided_at,
        case when committed_{place} is null then 'standing' else 'committed' end as basis,
        coalesce(acted_{place} > committed_{place} // {MOMENTS}, false) as is_withdrawn,
        first_automatic_at_{place} as first_automatic_at,
        decided_at as known_at
    from slice_extremes_{each.number}
)
join slice_incidents_{each.number} using (incident_no)
join {each.table("vectors")} as held on held.vector = vector_held
join {each.table("vectors")} as latest on latest.vector = vector_last"""


def _changes_sql(each: Pass, place: int) -> str:
    return f"""
select
    {place} as bundle,
    incident_no,
    {_renumbered(each, place)} as moment,
    known_at,
    now.code_{place} as code,
    not is_in_time as is_hindsight
from slice_path_{each.number}
join slice_incidents_{each.number} using (incident_no)
join {each.table("vectors")} as now using (vector)
left join {each.table("vectors")} as earlier on earlier.vector = vector_before
where now.code_{place} is distinct from earlier.code_{place}"""


def _renumbered(each: Pass, place: int) -> str:
    """SQL: the columns `moment` and `known_at` as a moment among those that the bundle's own ticks make."""
    if not each.are_ticks_left_out:
        return "moment"
    minutes = each.bundles[place].grading.tick_minutes
    declared = "".join(
        f" + case when tick_{minute * 60_000_000_000} <= known_at then 1 else 0 end" for minute in minutes
    )
    stored = "len(list_filter(stored_ticks, lambda tick: tick < moment))"
    return f"(moment - {stored}{declared})::integer"


def _recommended_sql(place: int) -> str:
    return f"""
    select incident_no, recommendation, decided_at
    from slice_records
    join code_words using (bundle, code)
    where bundle = {place}"""


def _stepwise_sql(old_pass: Pass, old: int, new_pass: Pass, new: int) -> str:
    """First difference of two paths whose moments are not the same: at each change of either, what both
    recommend from then on."""
    sides = [
        f"""
    select incident_no, known_at, {"recommendation, null" if side == 0 else "null, recommendation"}
    from slice_path_{each.number}
    join {each.table("vectors")} using (vector)
    join code_words on bundle = {place} and code = code_{place}
    where is_in_time"""
        for side, (each, place) in enumerate(((old_pass, old), (new_pass, new)))
    ]
    return f"""
with sides (incident_no, known_at, baseline, candidate) as ({_union(sides)}),
steps as (
    select incident_no, known_at, max(baseline) as baseline, max(candidate) as candidate
    from sides
    group by incident_no, known_at
),
paths as (
    select
        incident_no,
        known_at,
        last_value(baseline ignore nulls) over so_far as baseline,
        last_value(candidate ignore nulls) over so_far as candidate
    from steps
    window so_far as (partition by incident_no order by known_at rows unbounded preceding)
)
select incident_no, min(known_at) as parted_at
from paths
where baseline is distinct from candidate
group by incident_no"""


def _union(selects: list[str]) -> str:
    return "\nunion all\n".join(selects)


def _execute(work: duckdb.DuckDBPyConnection, sql: str) -> None:
    work.execute(sql).fetchall()
