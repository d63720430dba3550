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
join settled on settled.kept_id = tied.kept_id
join stretches on stretches.record_id = settled.record_id
join place_keys using (place_id)
-- An alert's number says nothing to people, a page's does.
where not place_keys.is_weak and place_keys.kind <> 'alert'
group by all;

create or replace temp table group_threads as
select distinct
    coalesce('m ' || tied.incident_id, 'c ' || tied.component) as group_name,
    places.thread_kind || ' ' || places.thread as thread
from tied
join settled on settled.kept_id = tied.kept_id
join stretches on stretches.record_id = settled.record_id
join places using (place_id)
where places.thread is not null;

-- The group that an incident lives on in is that of its first record. What else lies in its folder may belong to
-- others: a document is copied whole into each incident that it touches. Where the first record lost against
-- another of its identity, the first of the others that speaks for itself counts, else of those in documents,
-- else what it lost against.
create or replace temp table held_groups as
with groups as (
    select
        group_name,
        bit_or(flags) & 64 <> 0 or bool_or(incident_id is not null) as is_incident,
        arg_min(sha256, (flags & 128 <> 0, first_at, sha256)) as founder
    from group_records
    group by group_name
),
anchors as (
    select founders.incident_id as held_by, 0 as rank, records.record_id, settled.kept_id
    from founders
    join records on records.sha256 = founders.founder
    join settled on settled.record_id = records.record_id
    union all
    select files.held_by, case when settled.document is null then 1 else 2 end, settled.record_id, settled.kept_id
    from settled
    join files using (file_id)
    semi join founders on founders.incident_id = files.held_by
    union all
    select files.held_by, 3, settled.record_id, winner.record_id
    from settled
    join files using (file_id)
    join rivals on rivals.sha256 = settled.sha256
    join kept as winner on winner.sha256 = rivals.winner
    where files.held_by <> '' and settled.reason = 'conflicting_identity'
)
select
    anchors.held_by,
    arg_min(
        group_records.group_name,
        (
            anchors.rank,
            records.flags & 128 <> 0,
            coalesce(records.first_at, 9223372036854775807),
            records.sha256,
            groups.founder <> founders.founder,
            group_times.begin_at,
            group_records.group_name
        )
    ) as group_name
from anchors
join founders on founders.incident_id = anchors.held_by
join records using (record_id)
join group_records on group_records.record_id = anchors.kept_id
join groups on groups.group_name = group_records.group_name and groups.is_incident
join group_times on group_times.group_name = group_records.group_name
group by anchors.held_by
