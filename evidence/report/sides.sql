-- One row per side and incident that counts in the week on either side: `then` as known by the cut, `now` as the
-- tables have it. On the side `now` an incident may count in other weeks.
create or replace temp table report_sides as
select
    'then' as side,
    incident_id,
    is_record_only,
    week,
    mitigation_week,
    resolution_week,
    service,
    severity,
    environment,
    detected_at,
    mitigated_at,
    resolved_at,
    outcome,
    is_active,
    action,
    mode,
    approvers,
    time_to_decision_seconds,
    has_minimum_context,
    missing_context,
    first_signal_name,
    stalled_at
from report_known
union all by name
select
    'now' as side,
    incident.incident_id,
    incident.is_record_only,
    incident.week,
    incident.mitigation_week,
    incident.resolution_week,
    incident.service,
    incident.severity,
    incident.environment,
    incident.detected_at,
    incident.mitigated_at,
    incident.resolved_at,
    incident.outcome,
    incident.is_active,
    decision.action,
    incident.mode,
    coalesce(decision.approvers, []) as approvers,
    decision.time_to_decision_seconds,
    incident.has_minimum_context,
    incident.missing_context,
    incident.first_signal_name,
    lessons.stalled_at
from kpi_incidents as incident
cross join report_period as period
left join decision.decisions as decision on decision.incident_id = incident.incident_id
left join kpis.learning as lessons on lessons.incident_id = incident.incident_id
where period.week in (incident.week, incident.mitigation_week, incident.resolution_week)
    or incident.incident_id in (select incident_id from report_known)
