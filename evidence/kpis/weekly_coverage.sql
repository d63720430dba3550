-- Every incident is in exactly one of the four counts of its recommendation.
select
    week,
    cast(count(*) as integer) as incident_count,
    cast(count(*) filter (where has_minimum_context) as integer) as automated_triage_count,
    cast(count(*) filter (where is_active and mode = 'automatic') as integer) as automated_action_count,
    cast(count(*) filter (where is_active and mode = 'policy_gated') as integer) as policy_gated_count,
    cast(count(*) filter (where is_active and mode = 'approval_required') as integer) as approval_required_count,
    cast(count(*) filter (where not is_active) as integer) as passive_count,
    list(incident_id order by incident_id) as incident_ids
from kpi_incidents
where not is_record_only
group by week
order by week
