-- The records of an incident that arrived after the week's end, in order of arrival.
select
    events.incident_id,
    events.source,
    events.name,
    events.event_time,
    events.known_at,
    events.path,
    events.ordinal
from intake.evidence_events as events
cross join report_period as period
where events.known_at >= period.cut
    and events.incident_id in (select incident_id from report_restated)
order by events.incident_id, events.known_at, events.event_time, events.event_id
