-- The columns of enrichment.incident_states per evidence moment; graded columns, moments and ticks follow.
-- Layer, the first that applies: an attack or watched call → security; a node as subject or at fault →
-- infrastructure; a detection that another tool passed on → security; a rotation of a secret that failed →
-- infrastructure; a change before the symptom → app; calls failing on one dependency → dependency; a limit
-- reached, or memory of pod or node exhausted → infrastructure; an alert on a service → app.
with layered as (
    select
        *,
        case
            when has_flag(flags, 'attack') then 'security: a detection or watched call'
            when is_node_incident then 'infrastructure: the signal is about a node'
            when has_flag(flags, 'node_fault') then 'infrastructure: a node is at fault or taken out of service'
            when has_flag(flags, 'relayed_attack') then 'security: a detection that was passed on'
            when has_flag(flags, 'rotation_failed') then 'infrastructure: the rotation of a secret failed'
            when change_rank is not null and not is_cloud_change then 'app: changed before the first symptom'
            when hot_dependency is not null then 'dependency: slow or failing calls concentrate on one upstream'
            when has_flag(flags, 'resource_fault') then 'infrastructure: out of a resource'
            when resource_pressure_ppm >= $pressure_limit_ppm then 'infrastructure: a limit is reached'
            when has_flag(flags, 'alert') and has_service then 'app: an alert on the service and nothing else'
        end as layer_verdict,
        -- What the catalogue does not know counts only while nothing that it knows is affected.
        case
            when service_count + pod_count + claimed_pod_count + node_count > 0
            then {
                'pod_count': pod_count,
                'claimed_pod_count': claimed_pod_count,
                'node_count': node_count,
                'service_count': service_count
            }
            else {
                'pod_count': stray_pod_count,
                'claimed_pod_count': stray_claimed_pod_count,
                'node_count': stray_node_count,
                'service_count': stray_service_count
            }
        end as spread
    from evidence_states
)
select
    incident_id,
    0 as moment,
    known_at,
    false as is_tick,
    0 as tick_count,
    -- where
    case when has_service then service end as service,
    coalesce(case when has_workload then workload end, catalogued_workload) as workload,
    case when has_workload then first_workload_kind end as workload_kind,
    coalesce(case when namespace_since <= known_at then namespace end, catalogued_namespace) as namespace,
    case when cluster_since <= known_at then cluster end as cluster,
    case when is_node_incident then subject_node when has_node then node end as node,
    case
        when is_node_incident then true
        when has_service or has_workload or has_principal then false
    end as is_about_node,
    case when has_principal then principal end as principal,
    coalesce(
        environment_word(component_environment),
        case when environment_since <= known_at then environment end
    ) as environment,
    owner,
    criticality,
    is_rollback_supported,
    is_restart_safe,
    is_quarantine_allowed,
    -- Three-valued "or": one stateful workload is enough; else one unknown workload leaves it unknown.
    case
        when not is_node_incident then coalesce(is_entry_stateful, first_workload_kind = 'StatefulSet' or null)
        when has_flag(flags, 'node_stateful') then true
        when has_flag(flags, 'node_state_unknown') then null
        when has_flag(flags, 'node_stateless') then false
    end as is_stateful,
    -- Which way of running the service its signals name: the primary path, once one of them does.
    case
        when has_flag(flags, 'path_primary') then 'primary'
        when has_flag(flags, 'path_unstated') then null
        when has_flag(flags, 'path_canary') then 'canary'
        when has_flag(flags, 'path_batch') then 'batch'
    end as deployment_path,
    yes_no(flags, 'node_rotated', 'nodes_watched') as is_node_rotating,
    nullif(split_part(layer_verdict, ': ', 1), '') as layer,
    nullif(split_part(layer_verdict, ': ', 2), '') as layer_reason,
    -- severity
    severity_alertmanager,
    severity_falco,
    severity_pagerduty,
    severity_event_envelope,
    severity_opa,
    severity_watch,
    null::integer as severity,
    -- signals
    case when signal_count > 0 then signal_count else relayed_signal_count end as signal_count,
    -- A relay alone is one source; beside an original it is none.
    greatest(
        bit_count(signal_source_mask & ~relay_mask()),
        (signal_source_mask <> 0)::integer
    )::integer as signal_source_count,
    bit_count(source_mask)::integer as source_count,
    coalesce(signal_names, []::text[]) as signal_names,
    coalesce(signal_sources, []::text[]) as signal_sources,
    coalesce(sources, []::text[]) as sources,
    detection_level,
    case when has_signal then first_signal_name end as first_signal_name,
    case when has_signal then first_signal_source end as first_signal_source,
    case when has_signal then first_signal_at end as first_signal_at,
    case when has_flag(flags, 'alert_stated') then open_signal_count = 0 end as is_signal_cleared,
    -- change
    case
        when change_rank is not null then true
        when has_flag(flags, 'change_covered') then false
    end as is_change_seen,
    change_revision,
    change_previous_revision,
    change_branch,
    change_commit,
    change_sync_status,
    change_initiator,
    change_source,
    change_at,
    is_change_auto_sync,
    case when change_rank is not null then change_previous_revision is not null end as has_previous_revision,
    -- Clocks that disagree, the change's or those of tools that signalled, do not say what came first.
    case when not is_order_doubtful then change_to_symptom_seconds end as change_to_symptom_seconds,
    case when change_rank is not null and not is_cloud_change then release_service_count end
        as release_service_count,
    (known_at - change_at) // 1000000000 as seconds_since_change,
    -- spread and reach
    spread.pod_count,
    spread.claimed_pod_count,
    spread.node_count,
    spread.service_count,
    case
        when spread.service_count >= 2 or (spread.pod_count >= 2 and spread.node_count >= 2) then true
        when has_flag(flags, 'place_named') then false
    end as is_spreading,
    case when has_flag(flags, 'entity_affected') then reached_count - affected_count end as blast_radius,
    case when has_flag(flags, 'entity_affected') then customer_facing_count end as customer_facing_count,
    -- identity
    case when has_actor then actor end as actor,
    case when has_actor then nullif(actor_kind, '') end as actor_kind,
    case when has_credential then credential_uid end as credential_uid,
    case when has_credential then nullif(credential_kind, '') end as credential_kind,
    yes_no(flags, 'network_new', 'network_known') as is_source_network_new,
    -- A session without a second factor counts, whatever others had.
    not yes_no(flags, 'no_mfa', 'mfa') as is_mfa,
    case
        when is_principal_emergency or is_credential_emergency then true
        -- An entry of the catalogue without the mark is not tied to emergency access.
        when has_principal and principal_ref is not null then false
        else is_credential_emergency
    end as is_emergency_access,
    case when credential_entry is not null then consumer_count end as consumer_count,
    are_consumers_tested,
    -- exposure, data and artifacts
    case
        when has_flag(flags, 'exposure_stated') then open_exposure_count > 0
        when has_flag(flags, 'cloud_trail_read') then false
    end as is_public_exposure,
    yes_no(flags, 'image_flagged', 'image_passed') as is_image_flagged,
    yes_no(flags, 'policy_denied', 'policy_allowed') as is_policy_denied,
    not yes_no(flags, 'approval_absent', 'approval_present') as has_approval_artifact,
    case
        when has_flag(flags, 'customer_data') then true
        when has_flag(flags, 'customer_data_unknown') then null
        when has_flag(flags, 'no_customer_data') then false
    end as is_customer_data_touched,
    -- telemetry
    error_rate_ppm,
    latency_ms,
    resource_pressure_ppm,
    case when has_flag(flags, 'route_seen') then route_count end as impacted_route_count,
    hot_dependency,
    case when has_flag(flags, 'upstream_seen') then hot_dependency is not null end as is_dependency_hot,
    null::boolean as is_error_rate_over_policy,
    null::boolean as is_latency_over_policy,
    null::boolean as is_resource_pressure_over_policy,
    -- trust
    gap_count,
    contradiction_count,
    0 as confidence,
    0 as impact,
    false as has_minimum_context,
    []::text[] as missing_context
from layered
