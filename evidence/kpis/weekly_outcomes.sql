select
    week,
    outcome,
    cast(count(*) as integer) as incident_count,
    list(incident_id order by incident_id) as incident_ids
from kpi_incidents
group by
    week,
    outcome
order by
    week,
    outcome
