-- Normalised events, each by itself.
select
    'evidence_events' as format,
    pointer as entry,
    cast(to_json(events) as varchar) as raw,
    incident_id,
    path,
    ordinal,
    event_time,
    known_at,
    cast(null as struct(entry varchar, event_time bigint, known_at bigint)[]) as entries
from intake.evidence_events as events
where not is_response
