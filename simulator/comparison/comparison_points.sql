-- One row per changed decision: the candidate's action, and when it decided on it.
select
    incident_id,
    candidate_decided_at as known_at,
    candidate_action as action
from comparison_pairs
where is_decision_changed
order by incident_id
