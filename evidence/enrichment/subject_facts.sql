-- One row per incident and moment: what is known of the identity, the data and the node that it is about.
with principal_calls as (
    select events.* exclude (known_at), greatest(events.known_at, anchors.principal_since) as known_at
    from resolved_events as events
    join anchors on anchors.incident_id = events.incident_id and anchors.principal = events.actor
    where events.kind = 'api_call'
),
entries as (
    select incident_id, entity_ref, known_at from affected_entries
    union all
    select incident_id, resource_ref, known_at from principal_calls where resource_ref is not null
)
select
    incident_id,
    known_at,
    flag_if(is_network_new, 'network_new')
        | flag_if(not is_network_new, 'network_known')
        | flag_if(is_mfa, 'mfa')
        | flag_if(not is_mfa, 'no_mfa') as flags
from principal_calls
union all
select
    entries.incident_id,
    entries.known_at,
    case services.handles_customer_data
        when true then flag('customer_data')
        when false then flag('no_customer_data')
        else flag('customer_data_unknown')
    end
from entries
-- Credentials and people hold no data of their own: they say nothing about it unless marked.
join intake.services as services
    on services.entity_ref = entries.entity_ref
    and (
        services.handles_customer_data is not null
        or (services.kind <> 'user' and coalesce(services.type, '') <> 'credential')
    )
union all
select
    incident_id,
    known_at,
    -- A tool that names one workload does not know what else runs there; the cluster's own events come nearest
    -- to a list, so that nothing is called stateless without them.
    case is_stateful
        when true then flag('node_stateful')
        when false then flag_if(source = 'kubernetes_events', 'node_stateless')
        else flag('node_state_unknown')
    end
from node_workloads
