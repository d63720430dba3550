-- One row per week: of how many incidents the minimum context was complete without a person.
select
    week,
    incident_count as "n",
    automated_triage_count as "triaged without a person",
    automated_action_count as "automatic",
    policy_gated_count as "policy-gated",
    approval_required_count as "approval required",
    passive_count as "no active action",
    case when incident_count < 6 then 'too few' else 'yes' end as "enough?",
    /* week links */
from evidence_kpis.weekly_coverage
where
    /* weeks */
order by week desc
