-- Where the bundle's rules hit in what a decision may see: units that they match, without what responders did.
with unit_events as (
    select unit, incident_id, unnest(event_ids) as event_id from matched_places
),
seen as (
    select
        unit_events.unit,
        list(events.event_id order by events.event_id) as event_ids,
        min(events.event_time) as event_time,
        max(events.known_at) as known_at
    from unit_events
    join intake.evidence_events as events using (incident_id, event_id)
    left join intake.incidents as incidents using (incident_id)
    where not is_remedy(events.event_time, events.kind, events.activity, incidents.action_taken_at)
    group by unit_events.unit
)
select
    places.* replace (seen.event_ids as event_ids, seen.event_time as event_time, seen.known_at as known_at)
from seen
join matched_places as places on places.unit = seen.unit
order by places.place
