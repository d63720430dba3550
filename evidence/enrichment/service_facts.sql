-- One row per incident and moment: telemetry and faults of the affected service.
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
from service_events
where kind in ('metric', 'log', 'trace', 'lifecycle', 'alert')
group by incident_id, known_at
