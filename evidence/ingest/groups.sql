-- Groups of records. `components` says which group a chain belongs to.
create or replace temp table grouped as
select
    stretches.stretch_id,
    settled.kept_id,
    min(stretches.begin_at) as begin_at,
    max(stretches.end_at) as end_at,
    min(components.component) as component
from links
join components using (chain_id)
join stretches using (stretch_id)
join settled using (record_id)
group by stretches.stretch_id, settled.kept_id;

-- A group is founded by a record that lies in it alone. A record that lies in several groups (a history of
-- changes over months) and in none that is founded founds the group of its last stretch.
create or replace temp table founded as
with spread as (
    select kept_id, count(distinct component) as component_count from grouped group by kept_id
),
alone as (
    select distinct component from grouped semi join (from spread where component_count = 1) using (kept_id)
),
homeless as (
    select kept_id, arg_max(component, (end_at, begin_at, component)) as component
    from grouped
    anti join (select distinct kept_id from grouped semi join alone using (component)) using (kept_id)
    group by kept_id
)
from alone
union
select distinct component from homeless;

create or replace temp table extents as
with about as (
    select grouped.component, bool_and(sightings.is_loose) as is_loose
    from grouped
    join sightings using (stretch_id)
    where not sightings.is_weak
    group by grouped.component
),
services_paged as (
    select grouped.component, list(distinct services.name) as services
    from grouped
    join stretches using (stretch_id)
    join places using (place_id)
    join services on services.pagerduty_service = places.pagerduty_service
    group by grouped.component
),
titles as (
    select
        component,
        list(distinct ' ' || regexp_replace(lower(signal_name), '[^\pL\pN]+', ' ', 'g') || ' ') as titles
    from (
        select distinct grouped.component, records.signal_name
        from grouped
        join records on records.record_id = grouped.kept_id
        where records.signal_rank <= 2
    )
    group by component
),
services_named as (
    select grouped.component, list(distinct place_keys.entity) as services
    from grouped
    join stretches using (stretch_id)
    join place_keys using (place_id)
    where place_keys.kind = 'service' and not place_keys.is_weak
    group by grouped.component
),
namespaces as (
    select grouped.component, list(distinct concat_ws('/', places.cluster, places.namespace)) as namespaces
    from grouped
    join stretches using (stretch_id)
    join places using (place_id)
    where places.namespace is not null
    group by grouped.component
)
select
    grouped.component,
    min(grouped.begin_at) as begin_at,
    max(grouped.end_at) as end_at,
    about.is_loose,
    bool_or(records.flags & 64 <> 0) as is_signalled,
    namespaces.namespaces,
    titles.titles,
    coalesce(services_named.services, services_paged.services) as services
from grouped
semi join founded using (component)
join records on records.record_id = grouped.kept_id
join about using (component)
left join namespaces using (component)
left join titles using (component)
left join services_named using (component)
left join services_paged using (component)
group by
    grouped.component,
    about.is_loose,
    namespaces.namespaces,
    titles.titles,
    services_named.services,
    services_paged.services;

-- What names no entity joins the group within whose time it begins, if exactly one is such; else, with the time
-- widened by the gap. Where both name namespaces, or services (a page those that its team answers for), they have
-- to share one. Of several, those count of whose signals one is named in its title, as a page names its alert.
create or replace temp table adopted as
with near as (
    select
        loose.component,
        firm.component as into_component,
        loose.begin_at between firm.begin_at and firm.end_at as is_within,
        coalesce(
            list_bool_or(flatten([[contains(title, name) for name in firm.titles] for title in loose.titles])),
            false
        ) as is_named
    from extents as loose
    join extents as firm
        on loose.is_loose
        and not firm.is_loose
        and firm.is_signalled
        and loose.begin_at >= firm.begin_at - getvariable('gap')
        and loose.begin_at <= firm.end_at + getvariable('gap')
        and (loose.namespaces is null or firm.namespaces is null or list_has_any(loose.namespaces, firm.namespaces))
    where is_named
        or loose.services is null
        or firm.services is null
        or list_has_any(loose.services, firm.services)
)
select
    component,
    coalesce(min(into_component) filter (where is_within), min(into_component)) as into_component
from (from near qualify is_named or not bool_or(is_named) over (partition by component))
group by component
having count(*) filter (where is_within) = 1 or count(*) = 1;

create or replace temp table members as
select distinct
    grouped.kept_id,
    coalesce(adopted.into_component, grouped.component) as component
from grouped
semi join founded using (component)
left join adopted using (component)
