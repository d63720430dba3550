-- One row per cell of a spread table: its incidents by standing and its measured times in order.
create or replace temp table kpi_cells as
-- Three dimensions: the full detail, each dimension alone, and the week.
with detection_cells as (
    select
        kpi,
        week,
        case when grouping(service) = 1 then 'all' else service end as service,
        case when grouping(severity) = 1 then 'all' else severity end as severity,
        case when grouping(environment) = 1 then 'all' else environment end as environment,
        'all' as incident_type,
        kpi_counted_times(standing, span_ns) as times,
        list(incident_id order by incident_id) as incident_ids
    from kpi_times
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
        kpi_counted_times(standing, span_ns) as times,
        list(incident_id order by incident_id) as incident_ids
    from kpi_times
    where kpi <> 'kpis.weekly_mttd'
    group by grouping sets (
        (kpi, week, incident_type),
        (kpi, week)
    )
)

from detection_cells
union all
from type_cells
