-- Every hit that is shown, in total order, with its records and their anchors.
select
    shown.rule_id,
    shown.incident_id,
    shown.event_time,
    shown.known_at,
    shown.group_text as "group",
    list({
        'path': units.path,
        'ordinal': units.ordinal,
        'entry': units.entry,
        'record_sha256': units.record_sha256,
        'file_sha256': units.file_sha256,
        'byte_offset': units.byte_offset,
        'byte_length': units.byte_length,
        'event_ids': units.event_ids
    } order by units.unit) as records
from (
    select rule_id, incident_id, event_time, known_at, group_text, unnest(hit_units) as unit, hit
    from correlation_hits

    union all

    select rule_ids.rule_id, incident_id, event_time, known_at, '' as group_text, unit, -1 - unit as hit
    from matches
    join rule_ids using (rule)
    join units using (unit)
) as shown
join units using (unit)
group by shown.rule_id, shown.incident_id, shown.event_time, shown.known_at, shown.group_text, shown.hit
order by rule_id, shown.incident_id, shown.event_time, min(unit), max(unit), "group"
