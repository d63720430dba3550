-- One row per incident and time: the points behind the weekly figures, and the time to the decision of record.
with dated as (
    select
        case times.kpi
            when 'kpis.weekly_mttd' then 'time_to_detect'
            when 'kpis.weekly_mttr' then 'time_to_resolve'
            else 'dwell_time'
        end as measure,
        times.incident_id,
        times.week,
        times.standing,
        coalesce(
            case times.kpi
                when 'kpis.weekly_mttd' then incident.detected_at
                when 'kpis.weekly_mttr' then incident.resolved_at
                else incident.mitigated_at
            end,
            incident.detected_at,
            incident.started_at,
            incident.window_start
        ) as ended_at,
        case when times.standing = 'measured' then kpi_half_up(times.span_ns, 1000000000) end as seconds
    from kpi_times as times
    join kpi_incidents as incident on incident.incident_id = times.incident_id
    union all
    select
        'time_to_decision',
        decision.incident_id,
        incident.week,
        case when decision.time_to_decision_seconds is null then 'open' else 'measured' end,
        decision.decided_at,
        decision.time_to_decision_seconds
    from decision.decisions as decision
    join kpi_incidents as incident on incident.incident_id = decision.incident_id
)

select measure, incident_id, week, standing, ended_at, seconds
from dated
order by measure, incident_id
