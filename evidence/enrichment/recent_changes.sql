-- enrichment.recent_changes: every change on record near an incident, and cloud writes on what it is about.
with affected as (
    select distinct incident_id, component as service from signal_hits
    where not is_clearing and component is not null
),
last_changes as (
    select incident_id, arg_max(event_id, change_rank) as event_id from incident_changes group by incident_id
),
stated as (
    select
        changes.incident_id,
        changes.event_id,
        -- Of several components that one application deploys: the affected one, else the first by name.
        coalesce(
            min(changes.service) filter (where changes.service = anchors.service),
            min(changes.service) filter (where affected.service is not null),
            min(changes.service)
        ) as service,
        min(changes.source) as source,
        min(changes.revision) as revision,
        min(changes.previous_revision) as previous_revision,
        min(changes.initiator) as initiator,
        min(changes.change_at) as change_at,
        min(changes.known_at) as known_at,
        min((anchors.first_symptom_at - changes.change_at) // 1000000000) as change_to_symptom_seconds,
        bool_or(affected.service is not null) as is_affected_service
    from change_events as changes
    left join anchors using (incident_id)
    left join affected on affected.incident_id = changes.incident_id and affected.service = changes.service
    left join incident_changes as explaining
        on explaining.incident_id = changes.incident_id and explaining.event_id = changes.event_id
    where not changes.is_observation and (not changes.is_cloud or explaining.event_id is not null)
    group by changes.incident_id, changes.event_id
)
select
    stated.*,
    last_changes.event_id is not null as is_most_recent
from stated
left join last_changes using (incident_id, event_id)
