-- One row per ISO week in which an incident counts: what of its incidents is recorded, as one digest. It changes
-- when evidence comes to the week, and with nothing that is concluded from evidence.
with counted as (
    select distinct
        incident_id,
        unnest([week, mitigation_week, resolution_week]) as week
    from kpi_incidents
),

records as (
    select
        incident_id,
        count(*) as event_count,
        max(known_at) as last_known_at
    from intake.evidence_events
    group by incident_id
),

facts as (
    select
        counted.week,
        counted.incident_id,
        concat_ws(
            '|',
            counted.incident_id,
            coalesce(records.event_count, 0),
            coalesce(records.last_known_at, 0),
            coalesce(incident.started_at, 0),
            coalesce(incident.detected_at, 0),
            coalesce(incident.mitigated_at, 0),
            coalesce(incident.resolved_at, 0),
            incident.outcome,
            coalesce(incident.action_taken, '')
        ) as fact
    from counted
    join kpi_incidents as incident on incident.incident_id = counted.incident_id
    left join records on records.incident_id = counted.incident_id
)

select
    week,
    sha256(string_agg(fact, chr(10) order by incident_id)) as fingerprint
from facts
group by week
order by week
