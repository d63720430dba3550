-- One row per incident and thing seen (pod, node, service, signal name, failing route), at its first arrival.
-- Pods and nodes count as affected when a signal or a fault in their life cycle names them, services when a
-- signal does; log lines and spans come from healthy pods too. What belongs to no component of the catalogue is a
-- `stray_…`: it counts only as long as nothing of the catalogue is affected, because nothing ties it to the rest.
-- A pod is affected once something else than a relay's word shows that it is there; until then it is a `claimed_…`.
with named as (
    select incident_id, event_id, known_at, component, component_ref, namespace, own_workload, service_name, pod, node
    from signal_hits
    where not is_clearing
    union all
    select incident_id, event_id, known_at, null, component_ref, namespace, own_workload, null, pod, node
    from resolved_events
    where kind = 'lifecycle' and severity_id >= 3
),
shown_pods as (
    -- A log line or span of a pod that is well shows it too; a call for it that failed does not.
    select incident_id, coalesce(namespace, '') || '/' || pod as value, min(known_at) as shown_at
    from resolved_events
    where pod is not null and not is_relay(source) and source <> 'slack'
        and (kind <> 'api_call' or is_success(status))
    group by incident_id, coalesce(namespace, '') || '/' || pod
),
named_pods as (
    select
        named.incident_id,
        named.event_id,
        named.known_at,
        coalesce(named.namespace, '') || '/' || named.pod as value,
        case when named.component_ref is null then 'stray_' else '' end as prefix,
        shown_pods.shown_at
    from named
    left join shown_pods
        on shown_pods.incident_id = named.incident_id
        and shown_pods.value = coalesce(named.namespace, '') || '/' || named.pod
    where named.pod is not null
),
things as (
    select incident_id, prefix || 'pod' as thing, value, greatest(known_at, shown_at) as known_at, event_id
    from named_pods
    where shown_at is not null
    union all
    select incident_id, prefix || 'claimed_pod', value, known_at, event_id
    from named_pods
    where coalesce(shown_at > known_at, true)
    union all
    select
        incident_id,
        -- A node that is named without any workload is itself what is affected.
        case when component_ref is null and own_workload is not null then 'stray_node' else 'node' end,
        node,
        known_at,
        event_id
    from named
    where node is not null
    union all
    select incident_id, 'service', component, known_at, event_id from named where component is not null
    union all
    select
        incident_id,
        'stray_service',
        coalesce(service_name, namespace || '/' || own_workload),
        known_at,
        event_id
    from signal_hits
    -- PagerDuty's services are who is paged, not what runs.
    where not is_clearing and component is null and source <> 'pagerduty'
        and coalesce(service_name, own_workload) is not null
    union all
    -- A relay words what it passes on in its own way: its names count only where nobody else's are known.
    select
        incident_id,
        case when is_relay(source) then 'relayed_name' else 'name' end,
        signal_name,
        known_at,
        event_id
    from signal_hits
    where not is_clearing
    union all
    select incident_id, 'route', route, known_at, event_id
    from service_events
    where kind in ('log', 'trace') and is_error and route is not null
)
select
    incident_id,
    thing,
    value,
    min(known_at) as known_at,
    arg_min(event_id, (known_at, event_id)) as event_id
from things
where known_at is not null and value is not null
group by incident_id, thing, value
