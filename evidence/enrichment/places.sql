-- One row per incident: the first cluster and environment that its signals, or events of its service, name.
-- The signal itself speaks before other events; the catalogue's environment before the event's own word.
with naming as (
    select
        events.incident_id,
        events.event_id,
        events.cluster,
        events.cluster_ref,
        events.component_ref,
        coalesce(events.resource_ref, events.credential_ref, events.identity_ref) as cloud_ref,
        events.account_ref,
        events.environment_catalogued,
        coalesce(events.environment_catalogued, events.environment_stated) as environment,
        case when hits.event_id is null then greatest(events.known_at, anchors.service_since) else events.known_at end
            as known_at,
        hits.event_id is null as is_other,
        events.event_time
    from resolved_events as events
    join anchors using (incident_id)
    left join (select distinct incident_id, event_id from signal_hits where not is_clearing) as hits
        on hits.incident_id = events.incident_id and hits.event_id = events.event_id
    where (events.cluster is not null or events.environment_catalogued is not null
            or events.environment_stated is not null)
        and (hits.event_id is not null or events.component = anchors.service)
),
placed as (
    select *, row_number() over (
        partition by incident_id
        order by known_at, environment_catalogued is null, is_other, event_time, event_id
    ) as place
    from naming
)
select
    incident_id,
    arg_min(cluster, place) filter (where cluster is not null) as cluster,
    arg_min(event_id, place) filter (where cluster is not null) as cluster_event,
    min(known_at) filter (where cluster is not null) as cluster_since,
    arg_min(environment, place) filter (where environment is not null) as environment,
    arg_min(event_id, place) filter (where environment is not null) as environment_event,
    -- The catalogue entry behind it, NULL where only the event says so.
    arg_min(
        case
            when environment_catalogued is null then ''
            else coalesce(component_ref, cloud_ref, cluster_ref, account_ref)
        end,
        place
    ) filter (where environment is not null) as environment_ref,
    min(known_at) filter (where environment is not null) as environment_since
from placed
group by incident_id
