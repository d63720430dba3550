-- One row per incident: its decision of record under both bundles, side by side, and what the reviewer says.
select
    decisions.incident_id,
    labels.expected_option,
    baseline.option as baseline_option,
    baseline.action as baseline_action,
    list_position(['automatic', 'policy_gated', 'approval_required'], baseline.mode) - 1 as baseline_mode,
    baseline.approvers as baseline_approvers,
    decisions.baseline_decided_at,
    baseline.preferred_action as baseline_preferred_action,
    candidate.option as candidate_option,
    candidate.action as candidate_action,
    list_position(['automatic', 'policy_gated', 'approval_required'], candidate.mode) - 1 as candidate_mode,
    candidate.approvers as candidate_approvers,
    decisions.candidate_decided_at,
    candidate.preferred_action as candidate_preferred_action,
    decisions.is_decision_changed,
    decisions.is_path_changed,
    decisions.parted_at
from comparison_decisions as decisions
join comparison_words as baseline on baseline.word = decisions.baseline_word
join comparison_words as candidate on candidate.word = decisions.candidate_word
left join comparison_labels as labels using (incident_id)
