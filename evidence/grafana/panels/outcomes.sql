-- One row per week, with the incidents of each recorded outcome.
select
    week_at as "time",
    coalesce(sum(incident_count) filter (where outcome = 'succeeded'), 0)::bigint as "succeeded",
    coalesce(sum(incident_count) filter (where outcome = 'escalated'), 0)::bigint as "escalated",
    coalesce(sum(incident_count) filter (where outcome = 'aborted_by_policy'), 0)::bigint as "aborted by policy",
    coalesce(sum(incident_count) filter (where outcome = 'rolled_back'), 0)::bigint as "rolled back",
    coalesce(sum(incident_count) filter (where outcome = 'unrecorded'), 0)::bigint as "unrecorded",
    /* week links */
from evidence_kpis.weekly_outcomes
where
    /* weeks */
group by week_at
order by week_at
