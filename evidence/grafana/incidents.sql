-- One row per incident: what it is about, when it happened, what was recommended, and where its links lead.
with linked as (
    select
        unnest(incident_ids) as incident_id,
        unnest(incident_urls) as incident_url,
        unnest(handoff_paths) as handoff_path,
        unnest(logs_urls) as logs_url,
        unnest(traces_urls) as traces_url,
        unnest(changes_urls) as changes_url,
        unnest(audit_urls) as audit_url
    from kpis.weekly_mttd
    where service = 'all' and severity = 'all' and environment = 'all'
)

select
    incident.incident_id,
    coalesce(stated.title, record.title, '') as title,
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
left join intake.incidents as stated on stated.incident_id = incident.incident_id and not incident.is_record_only
left join intake.incident_records as record on record.record_id = incident.incident_id and incident.is_record_only
left join decision.decisions as decision on decision.incident_id = incident.incident_id
left join linked on linked.incident_id = incident.incident_id
order by incident.incident_id
