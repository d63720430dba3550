-- One row per generated incident of a chunk: what it is about, and when each piece of evidence arrives.
-- Every figure is drawn from the incident's number by integer arithmetic, so that neither threads nor
-- versions of the engine change it. Times are ns UTC. roll(h, salt) draws 32 bits; pick(h, salt, n) draws
-- 0 … n - 1; chance(h, salt, p) is true in p of 1000.
create or replace temp table generated_incidents as
with scenarios (
    scenario, incident_type, share_to, layer, remedy, expected_option,
    name_1, source_1, level_1, name_2, source_2, level_2, name_3, source_3, level_3, name_4, source_4, level_4,
    error_level, latency_level, pressure_level, change_permille, pod_max
) as (
    values
    ('bad-release', 'rollout', 18, 'app', 'roll_back_release', 'contain',
        'ServiceHighErrorRate', 'alertmanager', 5, 'ServiceHighLatencyP99', 'alertmanager', 4,
        'ServiceHighErrorRate relayed', 'pagerduty', 5, 'SLOBudgetBurn', 'alertmanager', 4, 2, 2, 1, 930, 4),
    ('slow-release', 'rollout', 26, 'app', 'roll_back_release', 'contain',
        'ServiceHighLatencyP99', 'alertmanager', 4, 'ServiceHighErrorRate', 'alertmanager', 4,
        'SLOBudgetBurn', 'alertmanager', 3, 'ServiceHighLatencyP99 relayed', 'pagerduty', 4, 1, 2, 1, 880, 3),
    ('crash-loop', 'infrastructure', 36, 'infrastructure', 'restart_stateless_pod', 'contain',
        'KubePodCrashLooping', 'alertmanager', 4, 'KubeContainerWaiting', 'alertmanager', 3,
        'KubePodCrashLooping relayed', 'pagerduty', 4, 'ServiceHighErrorRate', 'alertmanager', 4, 1, 0, 1, 180, 3),
    ('saturation', 'infrastructure', 46, 'infrastructure', 'scale_replica_set', 'contain',
        'CPUThrottlingHigh', 'alertmanager', 3, 'KubeHpaMaxedOut', 'alertmanager', 4,
        'ServiceHighLatencyP99', 'alertmanager', 4, 'KubeHpaMaxedOut relayed', 'pagerduty', 4, 0, 1, 2, 120, 3),
    ('job-failed', 'infrastructure', 52, 'infrastructure', 'restart_failed_job', 'contain',
        'KubeJobFailed', 'alertmanager', 3, 'KubeJobNotCompleted', 'alertmanager', 3,
        'KubeJobFailed relayed', 'pagerduty', 3, 'DataFreshnessLate', 'alertmanager', 3, 0, 0, 1, 220, 1),
    ('slow-dependency', 'dependency', 62, 'dependency', 'draft_for_owner', 'notify',
        'ServiceHighLatencyP99', 'alertmanager', 4, 'UpstreamTimeouts', 'alertmanager', 4,
        'SLOBudgetBurn', 'alertmanager', 4, 'ServiceHighLatencyP99 relayed', 'pagerduty', 4, 1, 2, 1, 90, 2),
    ('wide-outage', 'dependency', 66, 'dependency', 'hand_to_incident_commander', 'escalate',
        'RegionHighErrorRate', 'alertmanager', 6, 'ServiceHighErrorRate', 'alertmanager', 5,
        'RegionHighErrorRate relayed', 'pagerduty', 5, 'UpstreamTimeouts', 'alertmanager', 5, 2, 2, 1, 150, 6),
    ('flapping-alert', 'infrastructure', 75, 'app', 'keep_watching', 'monitor',
        'ServiceHighLatencyP99', 'alertmanager', 3, 'ServiceHighLatencyP99 relayed', 'pagerduty', 3,
        'CPUThrottlingHigh', 'alertmanager', 2, 'SLOBudgetBurn', 'alertmanager', 2, 1, 1, 1, 80, 1),
    ('shell', 'security', 81, 'security', 'isolate_workload', 'isolate',
        'Terminal shell in container', 'falco', 3, 'Drop and execute new binary in container', 'falco', 5,
        'exec-into-pod', 'kubernetes_audit', 3, 'Terminal shell relayed', 'event_envelope', 4, 0, 0, 0, 150, 1),
    ('egress', 'security', 85, 'security', 'change_network_policy', 'isolate',
        'Unexpected outbound connection destination', 'falco', 4,
        'Redirect STDOUT/STDIN to Network Connection in Container', 'falco', 5,
        'Egress relayed', 'event_envelope', 4, 'Terminal shell in container', 'falco', 3, 0, 0, 1, 120, 2),
    ('temporary-credential', 'security', 89, 'security', 'revoke_temporary_credential', 'revoke',
        'temporary-credential-elsewhere', 'aws_cloudtrail', 4, 'role-assumed-by-stranger', 'aws_cloudtrail', 4,
        'Credential relayed', 'event_envelope', 4, 'logging-disabled', 'aws_cloudtrail', 5, 0, 0, 0, 60, 0),
    ('long-lived-key', 'security', 93, 'security', 'rotate_long_lived_key', 'rotate',
        'key-used-elsewhere', 'aws_cloudtrail', 4, 'bulk-read-of-customer-data', 'aws_cloudtrail', 5,
        'Key relayed', 'event_envelope', 4, 'access-key-created-for-other', 'aws_cloudtrail', 5, 0, 0, 0, 60, 0),
    ('human-identity', 'security', 96, 'security', 'disable_human_identity', 'revoke',
        'sign-in-without-second-factor', 'aws_cloudtrail', 4, 'access-key-created-for-other', 'aws_cloudtrail', 5,
        'logging-disabled', 'aws_cloudtrail', 5, 'Identity relayed', 'pagerduty', 5, 0, 0, 0, 60, 0),
    ('public-exposure', 'security', 98, 'security', 'close_public_exposure', 'contain',
        'bucket-opened-to-everyone', 'aws_cloudtrail', 5, 'bulk-read-of-customer-data', 'aws_cloudtrail', 5,
        'Public resource', 'opa', 4, 'Exposure relayed', 'event_envelope', 5, 0, 0, 0, 300, 0),
    ('flagged-node', 'security', 100, 'infrastructure', 'cordon_and_drain_node', 'isolate',
        'Node image not allowed', 'opa', 4, 'KubeNodeNotReady', 'alertmanager', 4,
        'Terminal shell in container', 'falco', 3, 'Node relayed', 'pagerduty', 4, 0, 0, 1, 200, 3)
),
drawn as (
    select
        number,
        spread32(xor(number, $seed)) as h,
        -- 240 services; what the catalogue says of one is the same in all its incidents.
        spread32(xor(least(pick(h, 2, 240), pick(h, 3, 240)) + 7, $seed)) as s,
        1735689600000000000 + roll(h, 4) % 31536000 * 1000000000 + pick(h, 5, 1000) * 1000000::bigint as begun_at
    from range($first, $end) as numbers (number)
),
placed as (
    select
        drawn.*,
        scenarios.*,
        layer = 'security' and pod_max = 0 as is_identity,
        scenario = 'flagged-node' as is_about_node,
        -- Six in a thousand are heard of only after their window has closed.
        begun_at + case when chance(h, 6, 6) then 43200 else 0 end * 1000000000::bigint as heard_at
    from drawn
    asof join scenarios on pick(h, 1, 100) < share_to
),
-- Seconds after heard_at; NULL never arrives. One piece in sixteen is late by half an hour to six hours,
-- and one in five arrives with the piece before it: a tie, and so one moment.
arriving as (
    select
        *,
        case when not chance(h, 10, 12) then pick(h, 11, 240) end as signal_1,
        case when chance(h, 12, 620) then arrival(h, 13, 900) end as signal_2,
        case when chance(h, 14, 520) then arrival(h, 15, 1500) end as signal_3,
        case when chance(h, 16, 300) then arrival(h, 17, 3000) end as signal_4,
        case when error_level > 0 then arrival(h, 21, 600) end as error_1,
        case when error_level > 0 then arrival(h, 22, 1200) end as error_2,
        case when error_level > 0 then arrival(h, 23, 1800) end as error_3,
        case when error_level > 0 then arrival(h, 24, 2400) end as error_4,
        case when latency_level > 0 then arrival(h, 31, 700) end as latency_1,
        case when latency_level > 0 then arrival(h, 32, 1400) end as latency_2,
        case when latency_level > 0 then arrival(h, 33, 2100) end as latency_3,
        case when pressure_level > 0 then arrival(h, 41, 800) end as pressure_1,
        case when pressure_level > 0 then arrival(h, 42, 1600) end as pressure_2,
        case when pressure_level > 0 then arrival(h, 43, 2400) end as pressure_3,
        case when pod_max > 0 then arrival(h, 51, 500) end as pod_1,
        case when pod_max > 0 then arrival(h, 52, 1000) end as pod_2,
        case when pod_max > 0 then arrival(h, 53, 1500) end as pod_3,
        case when pod_max > 0 then arrival(h, 54, 2000) end as pod_4,
        arrival(h, 61, 900) as log_1,
        arrival(h, 62, 1800) as log_2,
        arrival(h, 63, 2700) as log_3,
        arrival(h, 64, 3600) as log_4,
        case when is_identity then arrival(h, 71, 400) end as call_1,
        case when is_identity then arrival(h, 72, 800) end as call_2,
        case when is_identity then arrival(h, 73, 1200) end as call_3,
        case when is_identity then arrival(h, 74, 1600) end as call_4,
        case when is_identity then arrival(h, 75, 2000) end as call_5,
        case when is_identity then arrival(h, 76, 2400) end as call_6,
        arrival(h, 80, 420) as change_heard,
        case when chance(h, 82, 250) then arrival(h, 83, 2400) end as gap_1,
        case when chance(h, 84, 120) then arrival(h, 85, 4800) end as gap_2,
        case when chance(h, 86, 100) then arrival(h, 87, 3600) end as contradiction,
        case when scenario = 'flapping-alert' or chance(h, 88, 350)
            then 900 + pick(h, 89, 5400) end as cleared,
        arrival(h, 90, 1800) as traced
    from placed
),
acted as (
    select
        *,
        case when chance(h, 100, 720) then heard_at + (240 + pick(h, 101, 5400)) * 1000000000::bigint end
            as action_taken_at
    from arriving
),
mitigated as (
    select
        *,
        case when chance(h, 102, 800)
            then coalesce(action_taken_at, heard_at) + (300 + pick(h, 103, 7200)) * 1000000000::bigint end
            as mitigated_at
    from acted
)
select
    printf('inc-%07d-%s', number, scenario) as incident_id,
    *,
    printf('%s (generated, number %d)', replace(scenario, '-', ' '), number) as title,
    begun_at - 3600000000000 as window_start,
    begun_at + 21600000000000 as window_end,
    begun_at as started_at,
    heard_at + coalesce(signal_1, 0) * 1000000000::bigint as detected_at,
    heard_at + 400000000000 as acknowledged_at,
    mitigated_at + 1800000000000 as resolved_at,
    case when action_taken_at is null then null when chance(h, 104, 850) then remedy
        else 'restart_stateless_pod' end as action_taken,
    case
        when mitigated_at is null then null
        when remedy = 'roll_back_release' then 'rolled_back'
        when action_taken_at is null then 'escalated'
        else 'succeeded'
    end as outcome,
    case when signal_1 is not null then name_1 end as detected_by,
    case when is_labelled then chance(h, 111, 800) end as label_signal_high_confidence,
    case when is_labelled then chance(h, 112, 850) end as label_enrichment_narrowed,
    case when is_labelled then chance(h, 113, 900) end as label_least_risky_effective,
    case when is_labelled then chance(h, 114, 930) end as label_responder_understood,
    case when is_labelled then case when chance(h, 115, 880) then expected_option else 'escalate' end end
        as label_expected_option,
    case when is_labelled and chance(h, 115, 880) then remedy end as label_expected_action,
    -- GENERATOR of history.py: whoever compares on these must not take them for what a person said.
    case when is_labelled then 'evidence generate' end as label_by,
    case when is_labelled then begun_at + 259200000000000 end as label_at,
    -- what the catalogue and the cluster say
    list_extract(
        ['checkout', 'payments', 'cart', 'search', 'catalogue', 'orders', 'invoices', 'login', 'profile',
            'ledger', 'shipping', 'pricing', 'reviews', 'media', 'reports', 'events', 'billing', 'quota',
            'routing', 'alerts'],
        pick(s, 1, 20) + 1
    ) || list_extract(['-api', '-worker', '-web', '-store', '-sync', '-gateway'], pick(s, 2, 6) + 1) as name,
    chance(s, 3, 965) as is_catalogued,
    list_extract(
        ['payments-platform', 'storefront', 'search', 'data-platform', 'cloud-platform', 'security', 'logistics'],
        pick(s, 4, 7) + 1
    ) as team,
    list_extract(
        ['production', 'production', 'production', 'production', 'production', 'production', 'staging',
            'staging', 'test', 'development'],
        pick(s, 5, 10) + 1
    ) as its_environment,
    chance(s, 9, 960) as is_owned,
    list_extract(
        ['customer_facing', 'customer_facing', 'internal', 'internal', 'batch', 'best_effort'],
        pick(s, 10, 6) + 1
    ) as its_criticality,
    case when chance(s, 11, 850) then chance(s, 12, 800) end as can_roll_back,
    case when chance(s, 13, 850) then chance(s, 14, 780) end as can_restart,
    case when chance(s, 15, 850) then chance(s, 16, 700) end as can_quarantine,
    case when chance(s, 17, 920) then chance(s, 6, 170) end as keeps_state,
    case when chance(s, 23, 900) then chance(s, 24, 300) end as holds_customer_data,
    case when chance(s, 18, 850) then 1 else 2 + pick(s, 19, 4) end as its_release_service_count,
    least(pick(s, 20, 25), pick(s, 21, 25)) as dependant_count,
    least(pick(s, 20, 25), pick(s, 22, 6)) as customer_reach,
    case when chance(s, 7, 300) then 'production' else replace(team, '-platform', '') end as its_namespace,
    its_environment || '-' || (pick(s, 8, 3) + 1) as its_cluster,
    'upstream-' || pick(s, 25, 40) as its_upstream,
    -- what is known about this incident's place
    chance(h, 210, 970) as is_service_named,
    chance(h, 211, 940) as is_workload_named,
    case
        when is_about_node then null
        when scenario = 'job-failed' then 'Job'
        when chance(s, 6, 170) then 'StatefulSet'
        when chance(h, 212, 850) then 'Deployment'
    end as its_workload_kind,
    case when pod_max > 0 and chance(h, 213, 800) then its_environment || '-node-' || pick(h, 214, 60) end
        as its_node,
    'principal-' || pick(h, 215, 5000) as its_principal,
    chance(h, 216, 700) as is_environment_stated,
    chance(h, 217, 400) as is_node_stateful,
    1 + pick(h, 227, 3) as node_max,
    chance(h, 228, 200) as does_spread,
    -- the change before it; no change source covers one incident in twelve
    pick(h, 202, 1000) < change_permille as is_changed,
    pick(h, 203, 1000) >= 80 as is_change_covered,
    30 + least(pick(h, 204, 3600), pick(h, 205, 3600)) as lag_seconds,
    printf('%08x%08x', roll(h, 220), roll(h, 221)) as its_revision,
    case when chance(h, 222, 900) then printf('%08x%08x', roll(h, 223), roll(h, 224)) end as its_previous_revision,
    chance(h, 225, 900) as is_synced,
    chance(h, 226, 700) as is_automated,
    -- telemetry
    case
        when error_level + latency_level > 0 then pick(h, 201, 1000) < case when change_permille < 200 then 550 else 60 end
    end as ends_in_hot_dependency,
    case when error_level = 2 and pick(h, 251, 10) < 7 then 50001 + pick(h, 256, 300000) else 500 + pick(h, 256, 45000) end as error_value_1,
    case when error_level = 2 and pick(h, 252, 10) < 7 then 50001 + pick(h, 257, 300000) else 500 + pick(h, 257, 45000) end as error_value_2,
    case when error_level = 2 and pick(h, 253, 10) < 7 then 50001 + pick(h, 258, 300000) else 500 + pick(h, 258, 45000) end as error_value_3,
    case when error_level = 2 and pick(h, 254, 10) < 7 then 50001 + pick(h, 259, 300000) else 500 + pick(h, 259, 45000) end as error_value_4,
    case when latency_level = 2 and pick(h, 261, 10) < 7 then 1501 + pick(h, 266, 6000) else 80 + pick(h, 266, 1300) end as latency_value_1,
    case when latency_level = 2 and pick(h, 262, 10) < 7 then 1501 + pick(h, 267, 6000) else 80 + pick(h, 267, 1300) end as latency_value_2,
    case when latency_level = 2 and pick(h, 263, 10) < 7 then 1501 + pick(h, 268, 6000) else 80 + pick(h, 268, 1300) end as latency_value_3,
    case when pressure_level = 2 and pick(h, 271, 10) < 8 then 900001 + pick(h, 276, 90000) else 200000 + pick(h, 276, 650000) end as pressure_value_1,
    case when pressure_level = 2 and pick(h, 272, 10) < 8 then 900001 + pick(h, 277, 90000) else 200000 + pick(h, 277, 650000) end as pressure_value_2,
    case when pressure_level = 2 and pick(h, 273, 10) < 8 then 900001 + pick(h, 278, 90000) else 200000 + pick(h, 278, 650000) end as pressure_value_3,
    error_level * 2 + pick(h, 280, 2) as route_max,
    -- identity and artifacts
    'actor-' || pick(h, 230, 4000) as its_actor,
    case
        when scenario = 'human-identity' then 'human'
        else list_extract(['human', 'service', 'workload', 'system'], pick(h, 231, 4) + 1)
    end as its_actor_kind,
    printf('AKIA%08X', roll(h, 232)) as its_credential,
    case scenario
        when 'temporary-credential' then 'temporary'
        when 'long-lived-key' then 'long_lived'
        when 'human-identity' then 'session'
    end as its_credential_kind,
    chance(h, 233, 920) as are_networks_declared,
    chance(h, 234, 600) as is_foreign_at_once,
    case when chance(h, 235, 950) then chance(h, 236, 250) end as has_second_factor,
    case when chance(h, 237, 930) then chance(h, 238, 40) end as is_tied_to_emergency,
    case when chance(h, 239, 900) then pick(h, 240, 4) end as its_consumer_count,
    case when chance(h, 241, 800) then chance(h, 242, 600) end as its_consumers_tested,
    chance(h, 243, 300) as is_closed_again,
    case when chance(h, 244, 500) then chance(h, 245, 120) end as is_flagged,
    case when chance(h, 246, 150) then chance(h, 247, 200) end as is_labelled_approved
from (select *, chance(h, 110, 400) as is_labelled from mitigated)
