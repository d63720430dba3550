-- One row per event of the affected service, or of an export that names none, with the moment from which it counts:
-- as soon as both it and the service are known. An export without any service label was made for this incident, so
-- it counts from its first signal. What runs beside the primary path does not speak for the service.
select
    events.* exclude (known_at),
    case
        when events.component is null then greatest(events.known_at, anchors.first_signal_at)
        else greatest(events.known_at, anchors.service_since)
    end as known_at
from resolved_events as events
join anchors
    on anchors.incident_id = events.incident_id
    and (
        events.component = anchors.service
        or (events.component is null and events.service_name is null and events.own_workload is null)
    )
where not events.is_beside_path
