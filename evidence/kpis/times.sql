-- One row per incident and measured time, with the week of its end and how the incident stands towards it.
create or replace temp table kpi_times as
select
    'kpis.weekly_mttd' as kpi,
    is_record_only,
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
    is_record_only,
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
    is_record_only,
    mitigation_week,
    service,
    severity,
    environment,
    incident_type,
    incident_id,
    kpi_standing(started_at, mitigated_at),
    mitigated_at - started_at
from kpi_incidents
