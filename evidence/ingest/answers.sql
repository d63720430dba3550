-- What responders did and said. It never makes an incident and ties none together: it joins the one that is open
-- then at its place, if exactly one is such, and else belongs to none. What one thread tells stays together.
create or replace temp table answers as
select
    stretches.stretch_id,
    settled.kept_id,
    min(stretches.begin_at) as begin_at,
    max(stretches.end_at) as end_at,
    coalesce(min(places.thread_kind || ' ' || places.thread), 'by itself ' || stretches.stretch_id) as unit
from stretches
join settled using (record_id)
join places using (place_id)
where stretches.is_answer
    and settled.kept_id is not null
    and settled.kept_id not in (select kept_id from claims)
group by stretches.stretch_id, settled.kept_id;

-- What a thread tells belongs where the thread does, at any time.
create or replace temp table answers_of_threads as
select distinct answers.unit, coalesce(adopted.into_component, grouped.component) as component
from answers
join place_keys on place_keys.is_thread and place_keys.kind || ' ' || place_keys.entity = answers.unit
join sightings on sightings.key = place_keys.key
join grouped on grouped.stretch_id = sightings.stretch_id
semi join founded using (component)
left join adopted on adopted.component = grouped.component;

-- Incidents as long as they are open: until the last signal, or the last answer to one of their threads.
create or replace temp table opened as
with spans as (
    select
        coalesce(adopted.into_component, extents.component) as component,
        extents.begin_at,
        extents.end_at,
        extents.is_signalled
    from extents
    left join adopted using (component)
    union all
    select answers_of_threads.component, answers.begin_at, answers.end_at, false
    from answers
    join answers_of_threads using (unit)
)
select
    spans.component,
    min(spans.begin_at) as begin_at,
    max(spans.end_at) as end_at,
    extents.namespaces,
    extents.services
from spans
join extents using (component)
group by spans.component, extents.namespaces, extents.services
having bool_or(spans.is_signalled);

create or replace temp table answered as
with units as (
    select
        answers.unit,
        min(answers.begin_at) as begin_at,
        list(distinct concat_ws('/', places.cluster, places.namespace)) filter (where places.namespace is not null)
            as namespaces,
        list(distinct services.name) filter (where services.name is not null) as services
    from answers
    join stretches using (stretch_id)
    join places using (place_id)
    left join services on services.pagerduty_service = places.pagerduty_service
    group by answers.unit
    having answers.unit not in (select unit from answers_of_threads)
),
named as (
    select answers.unit, place_keys.key
    from answers
    join stretches using (stretch_id)
    join place_keys using (place_id)
    where not (place_keys.is_weak or place_keys.is_loose or place_keys.is_thread)
),
about as (
    select distinct sightings.key, coalesce(adopted.into_component, grouped.component) as component
    from sightings
    semi join named using (key)
    join grouped using (stretch_id)
    left join adopted using (component)
),
near as (
    select
        units.unit,
        opened.component,
        units.begin_at between opened.begin_at and opened.end_at as is_within
    from units
    join opened
        on units.begin_at >= opened.begin_at - getvariable('gap')
        and units.begin_at <= opened.end_at + getvariable('gap')
        and (units.namespaces is null or opened.namespaces is null or list_has_any(units.namespaces, opened.namespaces))
        and (units.services is null or opened.services is null or list_has_any(units.services, opened.services))
    where units.unit not in (select unit from named)
        or exists (
            select 1 from named join about using (key) where named.unit = units.unit and about.component = opened.component
        )
)
select unit, coalesce(min(component) filter (where is_within), min(component)) as component
from near
group by unit
having count(*) filter (where is_within) = 1 or count(*) = 1
union all
select unit, component
from answers_of_threads
semi join opened using (component);

create or replace temp table members as
select kept_id, component from members
union
select answers.kept_id, answered.component
from answers
join answered using (unit)
