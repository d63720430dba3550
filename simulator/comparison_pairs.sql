-- One row per incident: its decision of record under both bundles, side by side, and what the reviewer says.
select
    baseline.incident_id,
    incidents.title,
    incidents.label_expected_option as expected_option,
    baseline.option as baseline_option,
    baseline.action as baseline_action,
    list_position(['automatic', 'policy_gated', 'approval_required'], baseline.mode) - 1 as baseline_mode,
    baseline.approvers as baseline_approvers,
    baseline.decided_at as baseline_decided_at,
    baseline.preferred_action as baseline_preferred_action,
    candidate.option as candidate_option,
    candidate.action as candidate_action,
    list_position(['automatic', 'policy_gated', 'approval_required'], candidate.mode) - 1 as candidate_mode,
    candidate.approvers as candidate_approvers,
    candidate.decided_at as candidate_decided_at,
    candidate.preferred_action as candidate_preferred_action,
    partings.is_decision_changed,
    partings.is_path_changed,
    partings.parted_at
from (from comparison_decisions where bundle = 0) as baseline
join (from comparison_decisions where bundle = 1) as candidate using (incident_id)
join comparison_partings as partings using (incident_id)
join intake.incidents as incidents using (incident_id)
order by baseline.incident_id
