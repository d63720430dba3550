-- Every hit that is shown, in total order, with its records and their anchors.
select
    shown.rule_id,
    shown.incident_id,
    shown.event_time,
    shown.known_at,
    shown.group_text as "group",
    list({
        'path': places.path,
        'ordinal': places.ordinal,
        'entry': places.entry,
        'record_sha256': places.record_sha256,
        'file_sha256': places.file_sha256,
        'byte_offset': places.byte_offset,
        'byte_length': places.byte_length,
        'event_ids': places.event_ids,
        'event_time': places.event_time
    } order by places.place) as records
from (
    select rule_id, incident_id, event_time, known_at, group_text, unnest(hit_places) as place, hit
    from correlation_hits

    union all

    select rule_ids.rule_id, incident_id, event_time, known_at, '' as group_text, place, -1 - place as hit
    from matches
    join rule_ids using (rule)
    join places using (unit)
) as shown
join places using (place)
group by shown.rule_id, shown.incident_id, shown.event_time, shown.known_at, shown.group_text, shown.hit
order by rule_id, shown.incident_id, shown.event_time, min(place), max(place), "group"
