-- Where rules can hit in every variant: the recorded units that rules match, with what the variant left of their
-- events. A record that arrives a second time is a unit of its own.
with unit_events as (
    select unit, incident_id, unnest(event_ids) as event_id, false as is_copy from recorded_places
),
named as (
    from unit_events
    union all by name
    -- As varied_evidence_events.sql names the events of a copy.
    select unit, incident_id, substr(sha256(event_id || '/copy'), 1, 32) as event_id, true as is_copy from unit_events
),
seen as (
    select
        named.unit,
        named.is_copy,
        variants.variant_id,
        list(events.event_id order by events.event_id) as event_ids,
        min(events.event_time) as event_time,
        max(events.known_at) as known_at
    from named
    join variants using (incident_id)
    join intake.evidence_events as events
        on events.incident_id = variants.variant_id and events.event_id = named.event_id
    join intake.incidents as incidents on incidents.incident_id = variants.variant_id
    where not is_remedy(events.event_time, events.kind, events.activity, incidents.action_taken_at)
    group by named.unit, named.is_copy, variants.variant_id
)
select
    row_number() over (
        order by variant_id, seen.event_time, places.path, places.ordinal, places.entry, seen.unit, seen.is_copy
    ) - 1 as place,
    seen.unit,
    seen.variant_id as incident_id,
    seen.event_time,
    seen.known_at,
    seen.event_ids,
    places.* exclude (place, unit, incident_id, event_time, known_at, event_ids)
from seen
join recorded_places as places on places.unit = seen.unit
order by place
