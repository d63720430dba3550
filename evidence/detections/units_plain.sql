-- Records that one rule sees whole, with the time of what they state: known when the last of it is.
-- What is put together first (right) is small; the records themselves stream by.
select
    records.format,
    '' as entry,
    records.raw,
    records.incident_id,
    records.path,
    records.ordinal,
    told.event_time,
    told.known_at,
    cast(null as struct(entry varchar, event_time bigint, known_at bigint)[]) as entries
from intake.raw_records as records
join (
    select incident_id, path, ordinal, min(event_time) as event_time, max(known_at) as known_at
    from intake.evidence_events
    where not is_response
    group by incident_id, path, ordinal
) as told using (incident_id, path, ordinal)
where records.status = 'evidence' and records.raw is not null and records.format in (select unnest($formats))
