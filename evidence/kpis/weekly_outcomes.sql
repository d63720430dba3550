select
    week,
    outcome,
    cast(count(*) as integer) as incident_count,
    list(incident_id order by incident_id) as incident_ids
from kpi_incidents
where not is_record_only
group by
    week,
    outcome
order by
    week,
    outcome
