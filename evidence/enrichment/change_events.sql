-- One row per change and catalogue entry that it touches (an application may deploy several components).
-- Deployments and syncs touch components; a writing cloud call touches the object that it is made on.
-- `observed` rows say that the change source was read and covers everything up to their time.
with named_entries as (
    select incident_id, event_id, component_ref as entity_ref
    from resolved_events
    where kind = 'change' and component_ref is not null
    union
    select events.incident_id, events.event_id, services.entity_ref
    from resolved_events as events
    join intake.services as services on lower(services.argocd_app) = lower(events.application)
    where events.kind = 'change'
    union
    select events.incident_id, events.event_id, services.entity_ref
    from resolved_events as events
    join intake.services as services on lower(services.github_slug) = lower(events.repository)
    where events.kind = 'change' and events.application is null
),
targets as (
    -- A deployment that says that it goes to another environment does not touch this entry.
    select named_entries.incident_id, named_entries.event_id, services.name as service, services.entity_ref
    from named_entries
    join resolved_events as events using (incident_id, event_id)
    join intake.services as services
        on services.entity_ref = named_entries.entity_ref and services.kind = 'component'
    where coalesce(environment_word(services.environment) = events.environment_stated, true)
)
select
    events.incident_id,
    events.event_id,
    events.source,
    events.known_at,
    events.event_time as change_at,
    coalesce(events.activity, '') = 'observed' as is_observation,
    false as is_cloud,
    coalesce(events.activity, '') = 'committed' as is_commit,
    targets.service,
    targets.entity_ref,
    null::text as cloud_object,
    events.application,
    events.revision,
    events.previous_revision,
    events.branch,
    events.commit_sha,
    events.sync_status,
    coalesce(events.initiator, events.actor) as initiator,
    events.is_auto_sync
from resolved_events as events
left join targets using (incident_id, event_id)
-- A plan says what is to be changed, and its drift what was changed at a time that nobody recorded.
where events.kind = 'change' and coalesce(events.activity, '') not in ('drifted', 'planned')
union all
select
    incident_id,
    event_id,
    source,
    known_at,
    event_time,
    false,
    true,
    false,
    null,
    resource_ref,
    resource,
    null,
    null,
    null,
    null,
    null,
    null,
    actor,
    null
from resolved_events
where kind = 'api_call' and source = 'aws_cloudtrail' and activity = 'write' and is_success(status)
    and resource is not null
