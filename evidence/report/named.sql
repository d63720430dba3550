-- The incidents that count in the week by any of their times, or counted in it when it ended; with title and links.
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
    coalesce(incidents.title, records.title, '') as title,
    links.* exclude (incident_id)
from kpi_incidents as incident
cross join report_period as period
left join intake.incidents as incidents on incidents.incident_id = incident.incident_id
left join intake.incident_records as records on records.record_id = incident.incident_id
left join links on links.incident_id = incident.incident_id
where period.week in (incident.week, incident.mitigation_week, incident.resolution_week)
    or incident.incident_id in (select incident_id from report_sides)
order by incident.incident_id
