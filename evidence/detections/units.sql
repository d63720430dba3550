-- What rules look at: one row per record, or per entry of a record that holds several, in total order.
-- A record that states several events is known when the last of them is.
select
    row_number() over (order by incident_id, event_time, path, ordinal, entry) - 1 as unit,
    format,
    entry,
    raw,
    incident_id,
    path,
    ordinal,
    record_sha256,
    file_sha256,
    byte_offset,
    byte_length,
    event_ids,
    event_time,
    known_at
from (
    select
        records.format,
        case when records.format in (select unnest($by_entry)) then events.pointer else '' end as entry,
        records.raw,
        records.incident_id,
        records.path,
        records.ordinal,
        records.record_sha256,
        records.file_sha256,
        records.byte_offset,
        records.byte_length,
        list(events.event_id order by events.event_id) as event_ids,
        min(events.event_time) as event_time,
        max(events.known_at) as known_at
    from intake.raw_records as records
    join intake.evidence_events as events using (incident_id, path, ordinal)
    where records.status = 'evidence'
        and records.raw is not null
        and records.format in (select unnest($formats))
        and not events.is_response
    group by all

    union all

    select
        'evidence_events' as format,
        pointer as entry,
        cast(to_json(events) as varchar) as raw,
        incident_id,
        path,
        ordinal,
        record_sha256,
        file_sha256,
        byte_offset,
        byte_length,
        [event_id] as event_ids,
        event_time,
        known_at
    from intake.evidence_events as events
    where not is_response and 'evidence_events' in (select unnest($formats))
) as seen
order by unit
