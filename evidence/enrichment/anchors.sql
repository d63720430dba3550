-- One row per incident with a signal: what the first signals name, and since when each is known.
-- "First" is the order of arrival; what arrives together is put in order by its own time, level and digest,
-- a tool's own word before one that is passed on, and before a rule's. What was first stays first, so nothing here ever changes.
with named as (
    select
        *,
        coalesce(node, case when lower(resource_kind) in ('node', 'nodes') then resource end) as node_named
    from signal_hits
    where not is_clearing
),
arrivals as (
    select
        *,
        actor is not null and account_uid is not null and not ends_with(actor, '.amazonaws.com') as is_identity,
        -- A node is the subject of a signal that names no workload on it, and of a flagged image: what is to be
        -- kept from running there is the node's matter.
        node_named is not null
            and (
                (own_workload is null and component is null)
                or lower(coalesce(resource_kind, workload_kind, '')) in ('node', 'nodes')
                or signal_name = 'image-policy-violated'
            ) as is_about_node,
        row_number() over (
            partition by incident_id
            order by known_at, is_relay(source), event_time, rule_origin = 'rule', coalesce(level, 0) desc, signal_name,
                event_id
        ) as place
    from named
)
select
    incident_id,
    arg_min(signal_name, place) as first_signal_name,
    arg_min(source, place) as first_signal_source,
    arg_min(event_id, place) as first_signal_event,
    min(known_at) as first_signal_at,
    -- The first symptom is when the first signal to arrive says that it began: fixed once known.
    arg_min(event_time, place) as first_symptom_at,
    arg_min(component, place) filter (where component is not null) as service,
    arg_min(component_ref, place) filter (where component is not null) as service_ref,
    arg_min(event_id, place) filter (where component is not null) as service_event,
    min(known_at) filter (where component is not null) as service_since,
    arg_min(entity_ref, place) filter (where entity_ref is not null) as entity_ref,
    arg_min(event_id, place) filter (where entity_ref is not null) as entity_event,
    min(known_at) filter (where entity_ref is not null) as entity_since,
    arg_min(own_workload, place) filter (where own_workload is not null) as workload,
    arg_min(coalesce(workload_kind, ''), place) filter (where own_workload is not null) as workload_kind,
    arg_min(coalesce(component, ''), place) filter (where own_workload is not null) as workload_service,
    arg_min(event_id, place) filter (where own_workload is not null) as workload_event,
    min(known_at) filter (where own_workload is not null) as workload_since,
    arg_min(namespace, place) filter (where namespace is not null) as namespace,
    arg_min(event_id, place) filter (where namespace is not null) as namespace_event,
    min(known_at) filter (where namespace is not null) as namespace_since,
    arg_min(node_named, place) filter (where node_named is not null) as node,
    arg_min(event_id, place) filter (where node_named is not null) as node_event,
    min(known_at) filter (where node_named is not null) as node_since,
    arg_min(node_named, place) filter (where is_about_node) as subject_node,
    arg_min(event_id, place) filter (where is_about_node) as node_subject_event,
    min(known_at) filter (where is_about_node) as node_subject_since,
    -- A cloud identity: an actor within an account. Whoever runs kubectl exec is an actor, not the subject, and a
    -- service of the cloud that acts by itself is nobody's identity.
    arg_min(actor, place) filter (where is_identity) as principal,
    nullif(arg_min(coalesce(identity_ref, ''), place) filter (where is_identity), '')
        as principal_ref,
    arg_min(event_id, place) filter (where is_identity) as principal_event,
    min(known_at) filter (where is_identity) as principal_since,
    arg_min(account_ref, place) filter (where account_ref is not null) as account_ref,
    min(known_at) filter (where account_ref is not null) as account_since,
    arg_min(resource, place) filter (where resource is not null and account_uid is not null) as cloud_resource,
    min(known_at) filter (where resource is not null and account_uid is not null) as cloud_resource_since,
    -- Who asked for what a policy then denied is not who the incident is about.
    arg_min(actor, place) filter (where actor is not null and kind <> 'policy') as actor,
    arg_min(coalesce(actor_kind, ''), place) filter (where actor is not null and kind <> 'policy') as actor_kind,
    arg_min(event_id, place) filter (where actor is not null and kind <> 'policy') as actor_event,
    min(known_at) filter (where actor is not null and kind <> 'policy') as actor_since,
    arg_min(credential_uid, place) filter (where credential_uid is not null) as credential_uid,
    arg_min(coalesce(credential_kind, ''), place) filter (where credential_uid is not null) as credential_kind,
    nullif(arg_min(coalesce(credential_ref, ''), place) filter (where credential_uid is not null), '')
        as credential_ref,
    arg_min(event_id, place) filter (where credential_uid is not null) as credential_event,
    min(known_at) filter (where credential_uid is not null) as credential_since,
    -- A revision that a signal states (the event envelope does), to be held against the change history.
    arg_min(revision, place) filter (where revision is not null and rule_origin <> 'rule') as signal_revision,
    min(known_at) filter (where revision is not null and rule_origin <> 'rule') as signal_revision_since
from arrivals
group by incident_id
