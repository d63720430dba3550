-- Sightings: what each stretch of a kept record is about; what responders did is looked at later (answers.sql). Chains: the sightings of one key without a longer gap.
create or replace temp table sightings as
select distinct
    stretches.stretch_id,
    settled.kept_id,
    stretches.begin_at,
    stretches.end_at,
    place_keys.key,
    place_keys.is_weak,
    place_keys.is_loose,
    -- An alert is one alert from firing to resolved, and a page one page, however long nobody touches it.
    place_keys.is_thread as is_one
from stretches
join settled using (record_id)
join place_keys using (place_id)
where not stretches.is_answer and settled.kept_id is not null and settled.kept_id not in (select kept_id from claims);

create or replace temp table firm_links as
with ordered as (
    select
        *,
        max(end_at) over (
            partition by key order by begin_at, end_at, stretch_id
            rows between unbounded preceding and 1 preceding
        ) as reached_at
    from sightings
    where not is_weak
)
select
    stretch_id,
    kept_id,
    begin_at,
    end_at,
    key,
    is_loose,
    sum((reached_at is null or (not is_one and begin_at - reached_at > getvariable('gap')))::integer) over (
        partition by key order by begin_at, end_at, stretch_id rows unbounded preceding
    )::bigint as place
from ordered;

create or replace temp table chains as
select
    row_number() over (order by key, place) as chain_id,
    key,
    place,
    min(begin_at) as begin_at,
    max(end_at) as end_at
from firm_links
group by key, place;

create or replace temp table links as
select firm_links.stretch_id, chains.chain_id
from firm_links
join chains using (key, place)
union all
select weak.stretch_id, chains.chain_id
from sightings as weak
join chains
    on chains.key = weak.key and weak.begin_at <= chains.end_at + getvariable('gap') and weak.end_at >= chains.begin_at - getvariable('gap')
where weak.is_weak;

create or replace temp table edges as
with firsts as (
    select stretch_id, min(chain_id) as chain_id from links group by stretch_id
)
select distinct firsts.chain_id as one, links.chain_id as other
from links
join firsts using (stretch_id)
where links.chain_id <> firsts.chain_id
order by one, other
