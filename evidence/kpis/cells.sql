-- One row per cell of a spread table: its incidents by standing and its measured times in order.
create or replace temp table kpi_cells as
with spans as (
    select
        'kpis.weekly_mttd' as kpi,
        week,
        service,
        severity,
        environment,
        incident_type,
        incident_id,
        kpi_standing(started_at, detected_at) as standing,
        detected_at - started_at as span_ns
    from kpi_incidents
    union all
    select
        'kpis.weekly_mttr',
        resolution_week,
        service,
        severity,
        environment,
        incident_type,
        incident_id,
        kpi_standing(detected_at, resolved_at),
        resolved_at - detected_at
    from kpi_incidents
    union all
    select
        'kpis.weekly_dwell_time',
        mitigation_week,
        service,
        severity,
        environment,
        incident_type,
        incident_id,
        kpi_standing(started_at, mitigated_at),
        mitigated_at - started_at
    from kpi_incidents
),

-- Three dimensions: the full detail, each dimension alone, and the week.
detection_cells as (
    select
        kpi,
        week,
        case when grouping(service) = 1 then 'all' else service end as service,
        case when grouping(severity) = 1 then 'all' else severity end as severity,
        case when grouping(environment) = 1 then 'all' else environment end as environment,
        'all' as incident_type,
        count(*) filter (where standing = 'measured') as n,
        count(*) filter (where standing = 'open') as open_count,
        count(*) filter (where standing = 'excluded') as excluded_count,
        list(span_ns order by span_ns) filter (where standing = 'measured') as spans_ns,
        sum(span_ns) filter (where standing = 'measured') as total_ns,
        list(incident_id order by incident_id) as incident_ids
    from spans
    where kpi = 'kpis.weekly_mttd'
    group by grouping sets (
        (kpi, week, service, severity, environment),
        (kpi, week, service),
        (kpi, week, severity),
        (kpi, week, environment),
        (kpi, week)
    )
),

-- One dimension: each type, and the week.
type_cells as (
    select
        kpi,
        week,
        'all' as service,
        'all' as severity,
        'all' as environment,
        case when grouping(incident_type) = 1 then 'all' else incident_type end as incident_type,
        count(*) filter (where standing = 'measured') as n,
        count(*) filter (where standing = 'open') as open_count,
        count(*) filter (where standing = 'excluded') as excluded_count,
        list(span_ns order by span_ns) filter (where standing = 'measured') as spans_ns,
        sum(span_ns) filter (where standing = 'measured') as total_ns,
        list(incident_id order by incident_id) as incident_ids
    from spans
    where kpi <> 'kpis.weekly_mttd'
    group by grouping sets (
        (kpi, week, incident_type),
        (kpi, week)
    )
)

from detection_cells
union all
from type_cells
