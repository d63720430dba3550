-- One row per event that says whether a node of the affected service was rotated before the first symptom.
-- Rotated is a node that was cordoned, drained or removed, by people or by what scales and upgrades nodes, at most
-- the look-back before the first symptom; it is the service's when one of its pods is seen there. That none was
-- rotated is known only once the cluster's own events reach to the first symptom.
with rotations as (
    select incident_id, event_id, node, event_time, known_at
    from resolved_events
    where kind = 'lifecycle' and node is not null and regexp_matches(
        name, '^(DeletingNode|DisruptionTerminating|Drain|Draining|NodeNotSchedulable|RemovingNode|ScaleDown)$'
    )
),
places as (
    select events.incident_id, events.node, min(events.known_at) as known_at
    from resolved_events as events
    join anchors on anchors.incident_id = events.incident_id and anchors.service = events.component
    where events.node is not null and not events.is_beside_path
    group by events.incident_id, events.node
)
select
    rotations.incident_id,
    rotations.event_id,
    greatest(rotations.known_at, places.known_at, anchors.service_since) as known_at,
    true as is_rotated
from rotations
join places using (incident_id, node)
join anchors using (incident_id)
where rotations.event_time between anchors.first_symptom_at - $lookback_ns and anchors.first_symptom_at
union all
select
    events.incident_id,
    events.event_id,
    greatest(events.known_at, anchors.service_since),
    false
from resolved_events as events
join anchors on anchors.incident_id = events.incident_id and anchors.service_since is not null
where events.source = 'kubernetes_events' and events.event_time >= anchors.first_symptom_at
