-- One row per side and incident detected in the week: its records by their fate. A record that was refused, repeats
-- another or states no event has no time of its own: it counts from when anything of its file was known, else from
-- the end of the incident's window.
with file_arrivals as (
    select
        files.incident_id,
        files.path,
        coalesce(min(events.known_at), max(incidents.window_end)) as known_at
    from intake.files as files
    join intake.incidents as incidents on incidents.incident_id = files.incident_id
    left join intake.evidence_events as events
        on events.incident_id = files.incident_id and events.path = files.path
    group by files.incident_id, files.path
),

late_counts as (
    select
        incident_id,
        path,
        count(*) as late_count
    from report_late_records
    where is_whole
    group by incident_id, path
),

by_file as (
    select
        sides.side,
        files.incident_id,
        sides.side = 'now' or file_arrivals.known_at < period.cut as is_there,
        files.evidence_count - case when sides.side = 'now' then 0 else coalesce(late_counts.late_count, 0) end
            as evidence_count,
        files.duplicate_count,
        files.quarantined_count
    from intake.files as files
    join file_arrivals on file_arrivals.incident_id = files.incident_id and file_arrivals.path = files.path
    cross join report_period as period
    join report_sides as sides
        on sides.incident_id = files.incident_id and sides.week = period.week and not sides.is_record_only
    left join late_counts on late_counts.incident_id = files.incident_id and late_counts.path = files.path
)

select
    side,
    incident_id,
    sum(evidence_count + duplicate_count + quarantined_count)::bigint as record_count,
    sum(evidence_count)::bigint as evidence_count,
    sum(duplicate_count)::bigint as duplicate_count,
    sum(quarantined_count)::bigint as quarantined_count
from by_file
where is_there
group by side, incident_id
order by side, incident_id
