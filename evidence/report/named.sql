-- The incidents that count in the week by any of their times, or counted in it when it ended; with title and links.
select linked.*
from kpi_linked as linked
join kpi_incidents as incident on incident.incident_id = linked.incident_id
cross join report_period as period
where period.week in (incident.week, incident.mitigation_week, incident.resolution_week)
    or incident.incident_id in (select incident_id from report_sides)
order by linked.incident_id
