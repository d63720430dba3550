-- One row per incident with late records: how many, of which sources, when they were known, and the first of them
-- in order of arrival.
select
    late.incident_id,
    count(*) as late_count,
    arrivals.first_known_at >= period.cut as is_all_late,
    list(distinct late.source order by late.source) as sources,
    min(late.first_event.known_at) as first_late_at,
    max(late.last_known_at) as last_late_at,
    list(
        struct_pack(
            source := late.source,
            name := late.first_event.name,
            event_time := late.first_event.event_time,
            known_at := late.first_event.known_at,
            path := late.path,
            ordinal := late.ordinal
        )
        order by late.first_event.known_at, late.first_event.event_time, late.path, late.ordinal
    )[1:5] as records
from report_late_records as late
cross join report_period as period
join report_first_arrivals as arrivals on arrivals.incident_id = late.incident_id
group by late.incident_id, arrivals.first_known_at, period.cut
order by late.incident_id
