-- One row per incident: its title, and where its links lead, as the published tables have them.
create or replace temp view kpi_linked as
with links as (
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
    links.* exclude (incident_id)
from kpi_incidents as incident
left join intake.incidents as stated on stated.incident_id = incident.incident_id and not incident.is_record_only
left join intake.incident_records as record on record.record_id = incident.incident_id and incident.is_record_only
left join links on links.incident_id = incident.incident_id
