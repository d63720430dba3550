-- One row per event and rule of the bundle that hits it, with everything that the hit rests on.
-- A hit's event is, of those that had arrived when it was known, the last: so the signal is known when the hit is.
-- Of several hits of one rule on one event (of several groups) one signal is left, which rests on all of them.
with hit_records as (
    select hit, rule_id, known_at, incident_id, unnest(records) as record
    from found_hits
),
hit_events as (
    select hit, rule_id, known_at as hit_known_at, incident_id, unnest(record.event_ids) as event_id
    from hit_records
),
arrived as (
    -- What responders did is among no hit's events: resolved_events leaves it out.
    select hit_events.*, events.known_at, events.event_time
    from hit_events
    join resolved_events as events using (incident_id, event_id)
    where events.known_at <= hit_known_at
),
last_events as (
    select
        hit,
        rule_id,
        incident_id,
        arg_max(event_id, (known_at, event_time, event_id)) as last_event,
        list(event_id) as event_ids
    from arrived
    group by hit, rule_id, incident_id
)
select
    incident_id,
    last_event as event_id,
    rule_id,
    signal_name,
    rule_level,
    attack_tags,
    is_correlation,
    list_sort(list_distinct(flatten(list(event_ids)))) as event_ids
from last_events
join signal_rules using (rule_id)
group by incident_id, last_event, rule_id, signal_name, rule_level, attack_tags, is_correlation
