-- One row per event that names a workload on the node that the incident is about: does the workload keep state?
-- A drain leaves DaemonSets alone, so they do not count as workloads of the node.
select
    events.incident_id,
    events.event_id,
    events.source,
    greatest(events.known_at, anchors.node_subject_since) as known_at,
    case when events.workload_kind = 'StatefulSet' then true else services.is_stateful end as is_stateful
from resolved_events as events
join anchors
    on anchors.incident_id = events.incident_id and anchors.subject_node = events.node
left join intake.services as services on services.entity_ref = events.component_ref
where (events.own_workload is not null or events.component_ref is not null)
    and coalesce(events.workload_kind, '') not in ('DaemonSet', 'Node')
