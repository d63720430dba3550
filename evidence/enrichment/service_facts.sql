-- One row per incident and moment: telemetry and faults of the affected service, visible once both it and they
-- are known; what runs beside the primary path does not speak for the service. An export without any service label was made for this incident, so it counts from its first signal.
select
    incident_id,
    known_at,
    max(measure_value) filter (where measure = 'error_rate' and measure_unit = 'ppm') as error_rate_ppm,
    max(measure_value) filter (where measure = 'latency' and measure_unit = 'ms') as latency_ms,
    max(measure_value) filter (where measure in ('cpu', 'memory', 'saturation') and measure_unit = 'ppm')
        as resource_pressure_ppm,
    bit_or(
        flag_if(kind in ('log', 'trace') and route is not null, 'route_seen')
        | flag_if(kind = 'trace' and upstream is not null, 'upstream_seen')
        | flag_if(kind = 'lifecycle' and is_resource_fault(name), 'resource_fault')
    ) as flags
from (
    select
        events.* exclude (known_at),
        case
            when events.component is null then greatest(events.known_at, anchors.first_signal_at)
            else greatest(events.known_at, anchors.service_since)
        end as known_at
    from resolved_events as events
    join anchors
        on anchors.incident_id = events.incident_id
        and (
            events.component = anchors.service
            or (events.component is null and events.service_name is null and events.own_workload is null)
        )
    where events.kind in ('metric', 'log', 'trace', 'lifecycle', 'alert') and not events.is_beside_path
) as service_events
group by incident_id, known_at
