-- One row per incident: what it is about, when it happened, what was recommended, and where its links lead.
select
    incident.incident_id,
    linked.title,
    incident.incident_type,
    incident.service,
    incident.severity,
    incident.environment,
    incident.week,
    coalesce(incident.detected_at, incident.started_at, incident.window_start) as counted_at,
    incident.outcome,
    incident.is_decided,
    incident.recommended_option,
    incident.recommended_action,
    incident.mode,
    coalesce(decision.approvers, []) as approvers,
    incident.has_minimum_context,
    incident.missing_context,
    linked.incident_url,
    linked.handoff_path,
    linked.logs_url,
    linked.traces_url,
    linked.changes_url,
    linked.audit_url
from kpi_incidents as incident
left join decision.decisions as decision on decision.incident_id = incident.incident_id
join kpi_linked as linked on linked.incident_id = incident.incident_id
order by incident.incident_id
