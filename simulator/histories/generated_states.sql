-- One row per generated incident and moment of evidence: all that had arrived by then. Columns of
-- enrichment.incident_states that are not named here stay blank; grading and ticks follow.
with moments as (
    select
        chunk_incidents.*,
        coalesce(least(signal_1, signal_2, signal_3, signal_4), 1000000) as first_signal,
        least(error_1, error_2, error_3, error_4, latency_1, latency_2, latency_3, pressure_1, pressure_2, pressure_3)
            as first_sample,
        least(log_1, log_2, log_3, log_4) as first_log,
        unnest(list_distinct(list_filter(
            [
                signal_1, signal_2, signal_3, signal_4, error_1, error_2, error_3, error_4,
                latency_1, latency_2, latency_3, pressure_1, pressure_2, pressure_3, pod_1, pod_2, pod_3, pod_4,
                log_1, log_2, log_3, log_4, call_1, call_2, call_3, call_4, call_5, call_6,
                gap_1, gap_2, contradiction, cleared,
                case when is_change_covered then change_heard end,
                case when ends_in_hot_dependency is not null then traced end
            ],
            lambda piece: piece is not null
        ))) as t
    from chunk_incidents
),
facts as (
    select
        *,
        first_signal <= t as has_signal,
        first_signal <= t and not is_identity as has_place,
        first_signal <= t and is_catalogued as has_entry,
        -- A relay repeats what another tool has found: it names a signal, but is no source of its own.
        case when signal_1 <= t then name_1 end as heard_1,
        case when signal_2 <= t then name_2 end as heard_2,
        case when signal_3 <= t then case when is_relay(source_3) then name_3 || ' ' || name else name_3 end end
            as heard_3,
        case when signal_4 <= t then case when is_relay(source_4) then name_4 || ' ' || name else name_4 end end
            as heard_4,
        case when signal_1 <= t then source_1 end as tool_1,
        case when signal_2 <= t then source_2 end as tool_2,
        case when signal_3 <= t then source_3 end as tool_3,
        case when signal_4 <= t then source_4 end as tool_4,
        greatest(first_signal, change_heard) <= t and is_change_covered as is_change_known,
        is_change_known and is_changed as is_change_shown,
        until(pod_1, t) + until(pod_2, t) + until(pod_3, t) + until(pod_4, t) as pods,
        until(log_1, t) + until(log_2, t) + until(log_3, t) + until(log_4, t) as logs,
        until(call_1, t) + until(call_2, t) + until(call_3, t) + until(call_4, t) + until(call_5, t)
            + until(call_6, t) as calls,
        coalesce(traced <= t and ends_in_hot_dependency is not null, false) as is_traced
    from moments
)
select
    incident_id,
    heard_at + t * 1000000000::bigint as known_at,
    case when has_place and is_service_named then name end as service,
    case when has_place and is_workload_named and not is_about_node then name end as workload,
    case when has_place then its_workload_kind end as workload_kind,
    case when has_place then its_namespace end as namespace,
    case when has_signal then its_cluster end as cluster,
    case when has_signal then its_node end as node,
    case when has_signal then is_about_node end as is_about_node,
    case when has_signal and is_identity then its_principal end as principal,
    case when has_entry or (has_signal and is_environment_stated) then its_environment end as environment,
    case when has_entry and is_owned then team end as owner,
    case when has_entry then its_criticality end as criticality,
    case when has_entry then can_roll_back end as is_rollback_supported,
    case when has_entry then can_restart end as is_restart_safe,
    case when has_entry then can_quarantine end as is_quarantine_allowed,
    case when is_about_node then case when pods > 1 then is_node_stateful end when has_entry then keeps_state end
        as is_stateful,
    case when has_place then 'primary' end as deployment_path,
    case when pods > 0 then false end as is_node_rotating,
    case when has_signal then case when is_change_shown and layer = 'infrastructure' then 'app' else layer end end
        as layer,
    case when has_signal then 'drawn by the generator' end as layer_reason,
    -- severity: the highest so far of each source
    highest('alertmanager', tool_1, level_1, tool_2, level_2, tool_3, level_3, tool_4, level_4)
        as severity_alertmanager,
    highest('falco', tool_1, level_1, tool_2, level_2, tool_3, level_3, tool_4, level_4) as severity_falco,
    highest('pagerduty', tool_1, level_1, tool_2, level_2, tool_3, level_3, tool_4, level_4)
        as severity_pagerduty,
    highest('event_envelope', tool_1, level_1, tool_2, level_2, tool_3, level_3, tool_4, level_4)
        as severity_event_envelope,
    highest('opa', tool_1, level_1, tool_2, level_2, tool_3, level_3, tool_4, level_4) as severity_opa,
    greatest(
        highest('aws_cloudtrail', tool_1, level_1, tool_2, level_2, tool_3, level_3, tool_4, level_4),
        highest('kubernetes_audit', tool_1, level_1, tool_2, level_2, tool_3, level_3, tool_4, level_4)
    ) as severity_watch,
    -- signals
    greatest(
        has_signal::integer,
        (heard_1 is not null)::integer + (heard_2 is not null)::integer
            + (heard_3 is not null and not is_relay(tool_3))::integer
            + (heard_4 is not null and not is_relay(tool_4))::integer
    ) as signal_count,
    greatest(
        has_signal::integer,
        list_count(list_distinct([
            tool_1,
            tool_2,
            case when not is_relay(tool_3) then tool_3 end,
            case when not is_relay(tool_4) then tool_4 end
        ]))
    ) as signal_source_count,
    list_sort(list_distinct([heard_1, heard_2, heard_3, heard_4])) as signal_names,
    list_sort(list_distinct([tool_1, tool_2, tool_3, tool_4])) as signal_sources,
    list_sort(list_distinct([
        tool_1,
        tool_2,
        tool_3,
        tool_4,
        case when first_sample <= t then 'prometheus' end,
        case when pods > 0 then 'kubernetes_events' end,
        case when first_log <= t then 'loki' end,
        case when calls > 0 then 'aws_cloudtrail' end,
        case when is_traced then 'tempo' end,
        case when is_change_covered and change_heard <= t then 'argocd' end
    ])) as sources,
    list_count(sources) as source_count,
    case when incident_type = 'security' then
        greatest(
            case when tool_1 is not null then level_1 end,
            case when tool_2 is not null then level_2 end,
            case when not is_relay(tool_4) then level_4 end
        )
    end as detection_level,
    case when has_signal then coalesce(heard_1, heard_2, heard_3, heard_4) end as first_signal_name,
    case when has_signal then coalesce(tool_1, tool_2, tool_3, tool_4) end as first_signal_source,
    case when has_signal then heard_at + first_signal * 1000000000::bigint end as first_signal_at,
    case when has_signal and source_1 = 'alertmanager' then coalesce(cleared <= t, false) end
        as is_signal_cleared,
    -- change
    case when is_change_known then is_changed end as is_change_seen,
    case when is_change_shown then its_revision end as change_revision,
    case when is_change_shown then its_previous_revision end as change_previous_revision,
    case when is_change_shown then 'main' end as change_branch,
    case when is_change_shown then its_revision end as change_commit,
    case when is_change_shown then case when is_synced then 'Synced' else 'OutOfSync' end end
        as change_sync_status,
    case when is_change_shown then case when is_automated then 'automated sync' else 'release-manager' end end
        as change_initiator,
    case when is_change_shown then 'argocd' end as change_source,
    case when is_change_shown then begun_at - lag_seconds * 1000000000::bigint end as change_at,
    case when is_change_shown then is_automated end as is_change_auto_sync,
    case when is_change_shown then its_previous_revision is not null end as has_previous_revision,
    case when is_change_shown then lag_seconds end as change_to_symptom_seconds,
    case when is_change_shown then its_release_service_count end as release_service_count,
    -- spread
    least(pods, pod_max) as pod_count,
    0 as claimed_pod_count,
    least(pods, node_max) as node_count,
    case
        when not has_place then 0
        when scenario = 'wide-outage' then 1 + pods
        else 1 + (pods > 2 and does_spread)::integer
    end as service_count,
    case when has_place then service_count >= 2 or (least(pods, pod_max) >= 2 and least(pods, node_max) >= 2) end
        as is_spreading,
    case when has_entry then dependant_count + service_count end as blast_radius,
    case when has_entry then customer_reach end as customer_facing_count,
    -- identity
    case when calls > 0 then its_actor end as actor,
    case when calls > 0 then its_actor_kind end as actor_kind,
    case when calls > 1 and scenario <> 'public-exposure' then its_credential end as credential_uid,
    case when calls > 1 then its_credential_kind end as credential_kind,
    case when calls > 0 and scenario <> 'public-exposure' and are_networks_declared
        then calls > 2 or is_foreign_at_once end as is_source_network_new,
    case when calls > 1 and scenario = 'human-identity' then has_second_factor end as is_mfa,
    case when has_signal and is_identity then is_tied_to_emergency end as is_emergency_access,
    case when calls > 1 and scenario = 'long-lived-key' then its_consumer_count end as consumer_count,
    case when calls > 1 and scenario = 'long-lived-key' then its_consumers_tested end as are_consumers_tested,
    -- exposure, data, artifacts
    case when calls > 0 then scenario = 'public-exposure' and not (calls > 5 and is_closed_again) end
        as is_public_exposure,
    case when has_signal then case when is_about_node then true when incident_type = 'security' then is_flagged end
        end as is_image_flagged,
    case when has_signal and is_about_node then true end as is_policy_denied,
    case when has_signal then is_labelled_approved end as has_approval_artifact,
    case when has_entry then holds_customer_data end as is_customer_data_touched,
    -- telemetry: the highest so far
    greatest(
        by_then(error_1, t, error_value_1),
        by_then(error_2, t, error_value_2),
        by_then(error_3, t, error_value_3),
        by_then(error_4, t, error_value_4)
    ) as error_rate_ppm,
    greatest(
        by_then(latency_1, t, latency_value_1),
        by_then(latency_2, t, latency_value_2),
        by_then(latency_3, t, latency_value_3)
    ) as latency_ms,
    greatest(
        by_then(pressure_1, t, pressure_value_1),
        by_then(pressure_2, t, pressure_value_2),
        by_then(pressure_3, t, pressure_value_3)
    ) as resource_pressure_ppm,
    case when first_log <= t then least(logs, route_max) end as impacted_route_count,
    case when is_traced and ends_in_hot_dependency then its_upstream end as hot_dependency,
    case when is_traced then ends_in_hot_dependency end as is_dependency_hot,
    until(gap_1, t) + until(gap_2, t) as gap_count,
    until(contradiction, t) as contradiction_count
from facts
