-- One row per group: what can be said of it, least digest first wherever something is to be chosen.
create or replace temp table tied as
select kept_id, component, incident_id
from (
    select kept_id, component, null as incident_id from members
    union all
    select kept_id, null, incident_id from claims
);

create or replace temp table group_records as
select
    coalesce('m ' || tied.incident_id, 'c ' || tied.component) as group_name,
    tied.incident_id,
    tied.component,
    records.record_id,
    records.sha256,
    records.format,
    records.first_at,
    records.last_at,
    records.signal_rank,
    records.signal_at,
    records.signal_name,
    records.flags
from tied
join records on records.record_id = tied.kept_id;

create or replace temp table group_times as
select
    coalesce('m ' || tied.incident_id, 'c ' || tied.component) as group_name,
    min(coalesce(grouped.begin_at, records.first_at)) as begin_at,
    max(coalesce(grouped.end_at, records.last_at)) as end_at
from tied
join records on records.record_id = tied.kept_id
left join (
    select grouped.kept_id, grouped.begin_at, grouped.end_at,
        coalesce(adopted.into_component, grouped.component) as component
    from grouped
    left join adopted using (component)
) as grouped
    on grouped.kept_id = tied.kept_id and grouped.component = tied.component
group by group_name;

create or replace temp table group_entities as
select
    coalesce('m ' || tied.incident_id, 'c ' || tied.component) as group_name,
    place_keys.kind,
    place_keys.entity,
    place_keys.is_loose,
    count(distinct tied.kept_id) as record_count
from tied
join stretches on stretches.record_id = tied.kept_id
join place_keys using (place_id)
where not place_keys.is_weak
group by all;

create or replace temp table held_groups as
with held as (
    select files.held_by, settled.kept_id, min(settled.first_at) as first_at, min(settled.sha256) as sha256
    from settled
    join files using (file_id)
    where files.held_by is not null and settled.kept_id is not null
    group by all
),
placed as (
    select held.held_by, group_records.group_name, held.first_at, held.sha256, group_times.begin_at
    from held
    join group_records on group_records.record_id = held.kept_id
    join group_times using (group_name)
)
select held_by, arg_min(group_name, (first_at, sha256, begin_at, group_name)) as group_name
from placed
group by held_by
