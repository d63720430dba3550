-- One row per incident that counts in the week otherwise than was known by the cut: the facts that differ, as
-- known and now; NULL on the side on which it does not count in the week.
with now_counted as (
    select incident.*
    from kpi_incidents as incident
    cross join report_period as period
    where period.week in (incident.week, incident.mitigation_week, incident.resolution_week)
),

arrivals as (
    select
        events.incident_id,
        count(*) as late_count,
        count(*) = max(totals.event_count) as is_all_late
    from intake.evidence_events as events
    cross join report_period as period
    join (
        select
            incident_id,
            count(*) as event_count
        from intake.evidence_events
        group by incident_id
    ) as totals on totals.incident_id = events.incident_id
    where events.known_at >= period.cut
    group by events.incident_id
)

select
    coalesce(now_counted.incident_id, known.incident_id) as incident_id,
    now_counted.incident_id is not null as is_counted,
    known.incident_id is not null as is_known,
    coalesce(arrivals.late_count, 0) as late_count,
    coalesce(arrivals.is_all_late, false) as is_all_late,
    known.service as known_service,
    now_counted.service,
    known.severity as known_severity,
    now_counted.severity,
    known.environment as known_environment,
    now_counted.environment,
    known.week as known_week,
    now_all.week,
    known.mitigation_week as known_mitigation_week,
    now_all.mitigation_week,
    known.resolution_week as known_resolution_week,
    now_all.resolution_week,
    now_all.detected_at,
    now_all.mitigated_at,
    now_all.resolved_at,
    known.is_active as known_is_active,
    now_counted.is_active,
    known.mode as known_mode,
    now_counted.mode,
    known.has_minimum_context as known_has_minimum_context,
    now_counted.has_minimum_context
from now_counted
full join report_known as known on known.incident_id = now_counted.incident_id
left join kpi_incidents as now_all on now_all.incident_id = coalesce(now_counted.incident_id, known.incident_id)
left join arrivals on arrivals.incident_id = coalesce(now_counted.incident_id, known.incident_id)
where
    now_counted.incident_id is null
    or known.incident_id is null
    or known.service <> now_counted.service
    or known.severity <> now_counted.severity
    or known.environment <> now_counted.environment
    or known.week <> now_counted.week
    or known.mitigation_week <> now_counted.mitigation_week
    or known.resolution_week <> now_counted.resolution_week
    or known.detected_at is distinct from now_counted.detected_at
    or known.mitigated_at is distinct from now_counted.mitigated_at
    or known.resolved_at is distinct from now_counted.resolved_at
    or (
        not known.is_record_only
        and (
            known.is_active <> now_counted.is_active
            or known.mode is distinct from now_counted.mode
            or known.has_minimum_context <> now_counted.has_minimum_context
        )
    )
order by incident_id
