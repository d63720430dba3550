-- One row per record of an incident on either side that arrived, as a whole or in part, from the cut on.
create or replace temp table report_late_records as
with mine as (
    select distinct incident_id
    from report_sides
)

select
    events.incident_id,
    events.path,
    events.ordinal,
    min(events.source) as source,
    min(events.known_at) >= max(period.cut) as is_whole,
    min_by(
        struct_pack(name := events.name, event_time := events.event_time, known_at := events.known_at),
        (events.known_at, events.event_time, events.event_id)
    ) filter (where events.known_at >= period.cut) as first_event,
    max(events.known_at) as last_known_at
from intake.evidence_events as events
join mine on mine.incident_id = events.incident_id
cross join report_period as period
group by events.incident_id, events.path, events.ordinal
having max(events.known_at) >= max(period.cut)
