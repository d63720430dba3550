-- enrichment.signals: the published columns of the signal hits.
select
    incident_id,
    event_id,
    signal_name,
    source,
    rule_origin,
    rule_id,
    attack_tags,
    level,
    is_symptom,
    is_clearing,
    component as service,
    entity_ref,
    event_time,
    known_at,
    event_ids
from signal_hits
