-- One row per incident and moment with everything that had arrived by then: one window over packed columns.
-- Facts that arrive together are one row before the window runs, so that ties cannot be seen in part.
with facts as (
    select incident_id, known_at, is_moment, source_mask, flags from event_facts
    union all by name
    from signal_facts
    union all by name
    from service_facts
    union all by name
    select incident_id, known_at, flags from subject_facts
    union all by name
    from openings
    union all by name
    select incident_id, known_at, case when is_rotated then flag('node_rotated') else flag('nodes_watched') end as flags
    from node_rotations
    union all by name
    select incident_id, known_at, (thing = 'pod')::integer as pods, (thing = 'node')::integer as nodes,
        (thing = 'service')::integer as services, (thing = 'stray_pod')::integer as stray_pods,
        (thing = 'stray_node')::integer as stray_nodes, (thing = 'stray_service')::integer as stray_services,
        (thing = 'claimed_pod')::integer as claimed_pods,
        (thing = 'stray_claimed_pod')::integer as stray_claimed_pods,
        (thing = 'name')::integer as names, (thing = 'relayed_name')::integer as relayed_names,
        (thing = 'route')::integer as routes
    from sightings
    union all by name
    -- A claimed pod that is shown after all is claimed no longer.
    select pods.incident_id, pods.known_at, -(pods.thing = 'pod')::integer as claimed_pods,
        -(pods.thing = 'stray_pod')::integer as stray_claimed_pods
    from sightings as pods
    join sightings as claimed
        on claimed.incident_id = pods.incident_id and claimed.value = pods.value
        and claimed.thing = replace(pods.thing, 'pod', 'claimed_pod')
    where pods.thing in ('pod', 'stray_pod')
    union all by name
    select incident_id, visible_at as known_at, change_rank from incident_changes
    union all by name
    select incident_id, known_at, flag('change_covered') as flags from change_coverage
    union all by name
    select incident_id, known_at, known_at as names_version from name_lists
    union all by name
    select incident_id, known_at, known_at as hot_version from hot_dependencies
    union all by name
    select incident_id, known_at, 1 as reached, (criticality = 'customer_facing')::integer as customer_facing
    from reached_services
    union all by name
    select incident_id, affected_since as known_at, 1 as affected from reached_services
    where affected_since is not null
    union all by name
    from contradictions
    union all by name
    select incident_id, known_at, 1 as gaps from quality.completeness
),
arrivals as (
    select
        incident_id,
        known_at,
        coalesce(bool_or(is_moment), false) as is_moment,
        max(severity_alertmanager) as severity_alertmanager,
        max(severity_falco) as severity_falco,
        max(severity_pagerduty) as severity_pagerduty,
        max(severity_event_envelope) as severity_event_envelope,
        max(severity_opa) as severity_opa,
        max(severity_watch) as severity_watch,
        max(detection_level) as detection_level,
        bit_or(coalesce(source_mask, 0)) as source_mask,
        bit_or(coalesce(signal_source_mask, 0)) as signal_source_mask,
        bit_or(coalesce(flags, 0)) as flags,
        max(error_rate_ppm) as error_rate_ppm,
        max(latency_ms) as latency_ms,
        max(resource_pressure_ppm) as resource_pressure_ppm,
        coalesce(sum(signal_openings), 0)::bigint as signal_openings,
        coalesce(sum(exposure_openings), 0)::bigint as exposure_openings,
        coalesce(sum(pods), 0)::bigint as pods,
        coalesce(sum(nodes), 0)::bigint as nodes,
        coalesce(sum(services), 0)::bigint as services,
        coalesce(sum(stray_pods), 0)::bigint as stray_pods,
        coalesce(sum(stray_nodes), 0)::bigint as stray_nodes,
        coalesce(sum(stray_services), 0)::bigint as stray_services,
        coalesce(sum(claimed_pods), 0)::bigint as claimed_pods,
        coalesce(sum(stray_claimed_pods), 0)::bigint as stray_claimed_pods,
        coalesce(sum(names), 0)::bigint as names,
        coalesce(sum(relayed_names), 0)::bigint as relayed_names,
        coalesce(sum(routes), 0)::bigint as routes,
        coalesce(sum(reached), 0)::bigint as reached,
        coalesce(sum(affected), 0)::bigint as affected,
        coalesce(sum(customer_facing), 0)::bigint as customer_facing,
        coalesce(sum(gaps), 0)::bigint as gaps,
        coalesce(sum(contradictions), 0)::bigint as contradictions,
        max(change_rank) as change_rank,
        max(names_version) as names_version,
        max(hot_version) as hot_version
    from facts
    where known_at is not null
    group by incident_id, known_at
)
select
    incident_id,
    known_at,
    is_moment,
    max(severity_alertmanager) over so_far as severity_alertmanager,
    max(severity_falco) over so_far as severity_falco,
    max(severity_pagerduty) over so_far as severity_pagerduty,
    max(severity_event_envelope) over so_far as severity_event_envelope,
    max(severity_opa) over so_far as severity_opa,
    max(severity_watch) over so_far as severity_watch,
    max(detection_level) over so_far as detection_level,
    bit_or(source_mask) over so_far as source_mask,
    bit_or(signal_source_mask) over so_far as signal_source_mask,
    bit_or(flags) over so_far as flags,
    max(error_rate_ppm) over so_far as error_rate_ppm,
    max(latency_ms) over so_far as latency_ms,
    max(resource_pressure_ppm) over so_far as resource_pressure_ppm,
    (sum(signal_openings) over so_far)::bigint as open_signal_count,
    (sum(exposure_openings) over so_far)::bigint as open_exposure_count,
    (sum(pods) over so_far)::integer as pod_count,
    (sum(nodes) over so_far)::integer as node_count,
    (sum(services) over so_far)::integer as service_count,
    (sum(stray_pods) over so_far)::integer as stray_pod_count,
    (sum(stray_nodes) over so_far)::integer as stray_node_count,
    (sum(stray_services) over so_far)::integer as stray_service_count,
    (sum(claimed_pods) over so_far)::integer as claimed_pod_count,
    (sum(stray_claimed_pods) over so_far)::integer as stray_claimed_pod_count,
    (sum(names) over so_far)::integer as signal_count,
    (sum(relayed_names) over so_far)::integer as relayed_signal_count,
    (sum(routes) over so_far)::integer as route_count,
    (sum(reached) over so_far)::integer as reached_count,
    (sum(affected) over so_far)::integer as affected_count,
    (sum(customer_facing) over so_far)::integer as customer_facing_count,
    (sum(gaps) over so_far)::integer as gap_count,
    (sum(contradictions) over so_far)::integer as contradiction_count,
    max(change_rank) over so_far as change_rank,
    max(names_version) over so_far as names_version,
    max(hot_version) over so_far as hot_version
from arrivals
window so_far as (
    partition by incident_id order by known_at
    range between unbounded preceding and current row
)
