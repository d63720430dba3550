-- Records that hold several entries (the lines of a stream), each once: an entry is what a rule sees.
select
    records.format,
    '' as entry,
    records.raw,
    records.incident_id,
    records.path,
    records.ordinal,
    cast(0 as bigint) as event_time,
    cast(0 as bigint) as known_at,
    told.entries
from intake.raw_records as records
join (
    select
        incident_id,
        path,
        ordinal,
        list({'entry': pointer, 'event_time': event_time, 'known_at': known_at} order by pointer) as entries
    from (
        select
            events.incident_id,
            events.path,
            events.ordinal,
            events.pointer,
            min(events.event_time) as event_time,
            max(events.known_at) as known_at
        from intake.evidence_events as events
        semi join (
            select incident_id, path, ordinal from intake.raw_records where format in (select unnest($formats))
        ) as asked using (incident_id, path, ordinal)
        where not events.is_response
        group by all
    ) as parts
    group by incident_id, path, ordinal
) as told using (incident_id, path, ordinal)
where records.status = 'evidence' and records.raw is not null and records.format in (select unnest($formats))
