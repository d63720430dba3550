-- One row per scope, time and incident: `week` is the report's own, `before` the weeks of its trend before it,
-- `known` its own week as known by the cut.
create or replace temp table report_spans as
with decided as (
    select
        'decision.decisions' as kpi,
        incident.week,
        incident.service,
        incident.severity,
        incident.environment,
        incident.incident_type,
        incident.incident_id,
        case when decision.time_to_decision_seconds is null then 'open' else 'measured' end as standing,
        decision.time_to_decision_seconds * 1000000000 as span_ns,
        decision.mode
    from kpi_incidents as incident
    join decision.decisions as decision on decision.incident_id = incident.incident_id
),

all_times as (
    select
        kpi,
        week,
        service,
        severity,
        environment,
        incident_type,
        incident_id,
        standing,
        span_ns,
        null::varchar as mode
    from kpi_times
    union all by name
    from decided
),

known as (
    select 'kpis.weekly_mttd' as kpi, week, kpi_standing(started_at, detected_at) as standing,
        detected_at - started_at as span_ns, null::varchar as mode, * exclude (week, mode)
    from report_known
    union all by name
    select 'kpis.weekly_mttr' as kpi, resolution_week as week, kpi_standing(detected_at, resolved_at) as standing,
        resolved_at - detected_at as span_ns, null::varchar as mode, * exclude (week, mode)
    from report_known
    union all by name
    select 'kpis.weekly_dwell_time' as kpi, mitigation_week as week,
        kpi_standing(started_at, mitigated_at) as standing,
        mitigated_at - started_at as span_ns, null::varchar as mode, * exclude (week, mode)
    from report_known
    union all by name
    select 'decision.decisions' as kpi,
        case when time_to_decision_seconds is null then 'open' else 'measured' end as standing,
        time_to_decision_seconds * 1000000000 as span_ns, *
    from report_known
    where not is_record_only
)

select
    case when times.week = period.week then 'week' else 'before' end as scope,
    times.*
from all_times as times
cross join report_period as period
where times.week between period.first_week and period.week
union all by name
select
    'known' as scope,
    known.kpi,
    known.week,
    known.service,
    known.severity,
    known.environment,
    known.incident_type,
    known.incident_id,
    known.standing,
    known.span_ns,
    known.mode
from known
join report_period as period on period.week = known.week
