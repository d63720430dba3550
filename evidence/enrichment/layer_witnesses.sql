-- One row per incident, reason for a layer and weight: the first event to arrive that shows what the reason says.
-- The reasons are those of ungraded_states.sql. Of several weights the greatest known counts: of changes the latest,
-- of alerts one on the affected service.
with signals as (
    select hits.*, anchors.service as affected_service
    from signal_hits as hits
    join anchors using (incident_id)
    where not hits.is_clearing
),
witnesses as (
    select incident_id, 'a detection or watched call' as layer_reason, 0::bigint as weight, known_at, event_id
    from signals
    where is_attack and not is_relay(source)
    union all
    select incident_id, 'the signal is about a node', 0, node_subject_since, node_subject_event
    from anchors
    union all
    select incident_id, 'a node is at fault or taken out of service', 0, known_at, event_id
    from resolved_events
    where kind = 'lifecycle' and is_node_fault(name)
    union all
    select incident_id, 'a detection that was passed on', 0, known_at, event_id
    from signals
    where is_relayed_attack
    union all
    select incident_id, 'the rotation of a secret failed', 0, known_at, event_id
    from signals
    where signal_name = 'secret-rotation-failed'
    union all
    select incident_id, 'changed before the first symptom', change_rank, visible_at, event_id
    from incident_changes
    union all
    select incident_id, 'slow or failing calls concentrate on one upstream', 0, known_at, event_id
    from hot_dependencies
    union all
    select incident_id, 'out of a resource', 0, known_at, event_id
    from service_events
    where kind = 'lifecycle' and is_resource_fault(name)
    union all
    select incident_id, 'a limit is reached', 0, known_at, event_id
    from service_events
    where kind = 'metric' and measure in ('cpu', 'memory', 'saturation') and measure_unit = 'ppm'
        and measure_value >= $pressure_limit_ppm
    union all
    select incident_id, 'an alert on the service and nothing else', (component is not distinct from affected_service)::bigint,
        known_at, event_id
    from signals
    where is_symptom
)
select
    incident_id,
    layer_reason,
    weight,
    min(known_at) as known_at,
    arg_min(event_id, (known_at, event_id)) as event_id
from witnesses
where event_id is not null and known_at is not null
group by incident_id, layer_reason, weight
