-- One row per week: how the playbook would have it approved. The columns add up to the week's incidents.
select
    week_at as "time",
    automated_action_count as "automatic",
    policy_gated_count as "policy-gated",
    approval_required_count as "approval required",
    passive_count as "no active action",
    /* week links */
from evidence_kpis.weekly_coverage
where
    /* weeks */
order by week_at
