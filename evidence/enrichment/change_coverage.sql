-- One row per incident and moment at which a change source is known to cover the window before the symptom.
-- An Argo CD application or GitHub deployment list covers its service once it was read at or after the first
-- symptom. CloudTrail covers an incident about a cloud identity once a record of it is as late as that.
-- Without either, nobody knows that nothing changed.
select
    incidents.incident_id,
    min(incidents.visible_at) as known_at,
    min_by(event_id, (visible_at, event_id)) as event_id
from (
    select anchors.incident_id, greatest(changes.known_at, anchors.service_since) as visible_at, changes.event_id
    from change_events as changes
    join anchors on anchors.incident_id = changes.incident_id and anchors.service = changes.service
    where changes.is_observation and changes.change_at >= anchors.first_symptom_at
    union all
    select anchors.incident_id, greatest(events.known_at, anchors.principal_since), events.event_id
    from resolved_events as events
    join anchors using (incident_id)
    where events.source = 'aws_cloudtrail' and anchors.principal is not null
        and events.event_time >= anchors.first_symptom_at
) as incidents
group by incidents.incident_id
