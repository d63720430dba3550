-- One row per incident, state column, moment and event that may support the column's value from then on.
-- `weight` says which of several supports counts: the greatest so far. For a figure it is the figure, for a
-- yes/no the answer that wins, for a set or a latest value the time.
select
    incident_id,
    unnest(['severity', 'severity_' || case
        when rule_origin = 'rule' or (rule_origin = 'watch' and source not in ('falco', 'opa')) then 'watch'
        else scale_of(source)
    end, case when not is_symptom then 'detection_level' end]) as column_name,
    known_at,
    level::bigint as weight,
    event_id
from signal_hits
where not is_clearing and level is not null
union all
select
    incident_id,
    unnest(case thing
        when 'relayed_name' then ['signal_names', 'signal_count', 'signal_sources', 'signal_source_count', 'confidence']
        when 'name' then ['signal_names', 'signal_count', 'signal_sources', 'signal_source_count', 'confidence']
        when 'pod' then ['pod_count', 'is_spreading']
        when 'stray_pod' then ['pod_count', 'is_spreading']
        when 'claimed_pod' then ['claimed_pod_count']
        when 'stray_claimed_pod' then ['claimed_pod_count']
        when 'node' then ['node_count', 'is_spreading']
        when 'stray_node' then ['node_count', 'is_spreading']
        when 'service' then ['service_count', 'is_spreading']
        when 'stray_service' then ['service_count', 'is_spreading']
        when 'route' then ['impacted_route_count']
    end),
    known_at,
    known_at,
    event_id
from sightings
union all
select
    incident_id,
    unnest(case measure
        when 'error_rate' then ['error_rate_ppm', 'is_error_rate_over_policy']
        when 'latency' then ['latency_ms', 'is_latency_over_policy']
        else ['resource_pressure_ppm', 'is_resource_pressure_over_policy']
    end),
    known_at,
    measure_value,
    event_id
from service_events
where kind = 'metric' and measure is not null
union all
select incident_id, unnest(['hot_dependency', 'is_dependency_hot']), known_at, known_at, event_id
from hot_dependencies
union all
select events.incident_id, 'is_source_network_new', greatest(events.known_at, anchors.principal_since),
    1 + events.is_network_new::bigint, events.event_id
from resolved_events as events
join anchors on anchors.incident_id = events.incident_id and anchors.principal = events.actor
where events.kind = 'api_call' and events.is_network_new is not null
union all
select events.incident_id, 'is_mfa', greatest(events.known_at, anchors.principal_since),
    2 - events.is_mfa::bigint, events.event_id
from resolved_events as events
join anchors on anchors.incident_id = events.incident_id and anchors.principal = events.actor
where events.kind = 'api_call' and events.is_mfa is not null
union all
select incident_id, 'is_image_flagged', known_at, 1 + is_image_flagged::bigint, event_id
from resolved_events where is_image_flagged is not null
union all
select incident_id, 'is_policy_denied', known_at, 1 + (activity = 'denied')::bigint, event_id
from resolved_events where kind = 'policy' and activity in ('denied', 'allowed')
union all
select incident_id, 'has_approval_artifact', known_at, 2 - has_approval_artifact::bigint, event_id
from resolved_events where has_approval_artifact is not null
union all
select incident_id, 'is_public_exposure', known_at, event_time, event_id
from resolved_events where kind = 'api_call' and is_public_exposure is not null and is_success(status)
union all
select incident_id, 'is_signal_cleared', known_at, event_time, event_id
from signal_hits where not is_relay(source)
union all
select incident_id, 'is_change_seen', known_at, 0, event_id from change_coverage
union all
select
    incident_id,
    unnest([
        'is_change_seen', 'change_at', 'change_revision', 'change_previous_revision', 'change_branch',
        'change_commit', 'change_sync_status', 'change_initiator', 'change_source', 'is_change_auto_sync',
        'has_previous_revision', 'change_to_symptom_seconds', 'release_service_count'
    ]),
    visible_at,
    change_rank,
    event_id
from incident_changes
union all
select incident_id, unnest(['first_signal_name', 'first_signal_source', 'first_signal_at']), first_signal_at,
    0, first_signal_event
from anchors
union all
select incident_id, 'service', service_since, 0, service_event from anchors
union all
select incident_id, unnest(['workload', 'workload_kind']), workload_since, 0, workload_event from anchors
union all
select incident_id, 'namespace', namespace_since, 0, namespace_event from anchors
union all
select incident_id, 'node', node_since, 0, node_event from anchors
union all
select incident_id, unnest(['node', 'is_about_node']), node_subject_since, 1, node_subject_event from anchors
union all
-- What names another subject says that the incident is not about a node, as long as nothing says that it is.
select incident_id, 'is_about_node', service_since, 0, service_event from anchors
union all
select incident_id, 'is_about_node', workload_since, 0, workload_event from anchors
union all
select incident_id, 'is_about_node', principal_since, 0, principal_event from anchors
union all
select incident_id, 'is_stateful', known_at, 1 + is_stateful::bigint, event_id
from node_workloads where is_stateful is not null
union all
select incident_id, 'is_node_rotating', known_at, 1 + is_rotated::bigint, event_id from node_rotations
union all
select hits.incident_id, 'deployment_path', hits.known_at,
    case hits.deployment_path when 'primary' then 3 when 'canary' then 2 else 1 end, hits.event_id
from signal_hits as hits
join anchors on anchors.incident_id = hits.incident_id and anchors.service = hits.component
where not hits.is_clearing and hits.deployment_path is not null
union all
select incident_id, 'principal', principal_since, 0, principal_event from anchors
union all
select incident_id, unnest(['actor', 'actor_kind']), actor_since, 0, actor_event from anchors
union all
select incident_id, unnest(['credential_uid', 'credential_kind']), credential_since, 0, credential_event
from anchors
union all
select incident_id, 'cluster', cluster_since, 0, cluster_event from places
union all
select incident_id, 'environment', environment_since, 0, environment_event from places
where environment_ref = ''
union all
-- The layer rests on what its rule names, known by then: the latest change, else what showed it first.
select
    states.incident_id,
    'layer',
    states.known_at,
    states.known_at,
    arg_max(witnesses.event_id, (witnesses.weight, -witnesses.known_at, witnesses.event_id))
from ungraded_states as states
join layer_witnesses as witnesses
    on witnesses.incident_id = states.incident_id and witnesses.layer_reason = states.layer_reason
    and witnesses.known_at <= states.known_at
group by states.incident_id, states.known_at
