-- One row per incident and moment: which tools had spoken, and verdicts that concern the incident as a whole.
select
    incident_id,
    known_at,
    true as is_moment,
    bit_or(source_bit(source)) as source_mask,
    bit_or(
        flag_if(source = 'aws_cloudtrail', 'cloud_trail_read')
        | flag_if(is_image_flagged, 'image_flagged')
        | flag_if(not is_image_flagged, 'image_passed')
        | flag_if(kind = 'policy' and activity = 'denied', 'policy_denied')
        | flag_if(kind = 'policy' and activity = 'allowed', 'policy_allowed')
        | flag_if(has_approval_artifact, 'approval_present')
        | flag_if(not has_approval_artifact, 'approval_absent')
        | flag_if(kind = 'lifecycle' and is_node_fault(name), 'node_fault')
    ) as flags
from resolved_events
group by incident_id, known_at
union all
-- An incident of which no evidence ever arrived is known to be such when its window ends; it never vanishes.
select incidents.incident_id, incidents.window_end, true, 0, 0
from intake.incidents as incidents
anti join resolved_events using (incident_id)
