-- Places with the bytes that they stand in, and the events that their records state: a record that is seen
-- whole states all of its events, an entry those that point at it.
select
    hit_places.*,
    records.record_sha256,
    records.file_sha256,
    records.byte_offset,
    records.byte_length,
    stated.event_ids
from hit_places
join intake.raw_records as records using (incident_id, path, ordinal)
join (
    select hit_places.unit, list(events.event_id order by events.event_id) as event_ids
    from hit_places
    join intake.evidence_events as events using (incident_id, path, ordinal)
    where not events.is_response
        and (hit_places.format not in (select unnest($by_entry)) or events.pointer = hit_places.entry)
    group by hit_places.unit
) as stated using (unit)
order by hit_places.unit
