-- One row per incident and catalogue entry that its signals are about, and since when.
select incident_id, entity_ref, min(known_at) as known_at
from (
    select incident_id, entity_ref, known_at from signal_hits where not is_clearing and entity_ref is not null
    union all
    select incident_id, component_ref, known_at from signal_hits where not is_clearing and component_ref is not null
) as concerned
group by incident_id, entity_ref
