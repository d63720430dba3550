-- One row per incident and moment of arrival of signals: levels by source, which tools spoke, and of what.
-- An alert's severity says how bad it is, not how sure: only findings, verdicts, watched calls and hits of rules have
-- a level that adds to confidence. A rule's level is no word of the tool whose record it hits. `attack` marks findings about somebody's doing;
-- a flagged image is a fault of its own, a denied request is a guardrail that held, and a rotation that failed is
-- nobody's attack. The path is that of the affected service's own signals.
select
    incident_id,
    known_at,
    max(level) filter (where source = 'alertmanager' and rule_origin <> 'rule') as severity_alertmanager,
    max(level) filter (where source = 'falco' and rule_origin <> 'rule') as severity_falco,
    max(level) filter (where source = 'pagerduty' and rule_origin <> 'rule') as severity_pagerduty,
    max(level) filter (where scale_of(source) = 'event_envelope' and rule_origin <> 'rule') as severity_event_envelope,
    max(level) filter (where source = 'opa' and rule_origin <> 'rule') as severity_opa,
    max(level) filter (
        where scale_of(source) = 'watch'
            or (rule_origin = 'watch' and source not in ('falco', 'opa'))
            or rule_origin = 'rule'
    ) as severity_watch,
    max(level) filter (where not is_symptom) as detection_level,
    bit_or(source_bit(source)) as signal_source_mask,
    bit_or(
        flag_if(is_symptom, 'alert')
        | flag_if(is_attack and not is_relay(source), 'attack')
        | flag_if(signal_name = 'secret-rotation-failed', 'rotation_failed')
        | flag_if(component = anchors.service and deployment_path = 'primary', 'path_primary')
        | flag_if(component = anchors.service and deployment_path = 'canary', 'path_canary')
        | flag_if(component = anchors.service and deployment_path = 'batch', 'path_batch')
        | flag_if(component = anchors.service and deployment_path is null, 'path_unstated')
        | flag_if(is_relayed_attack, 'relayed_attack')
        | flag_if(entity_ref is not null or component_ref is not null, 'entity_affected')
        -- A name, service or pod was stated, so that "isolated" can be told from "nobody knows"; whom a paging
        -- tool pages names no place.
        | flag_if(
            coalesce(component, case when source <> 'pagerduty' then service_name end, own_workload, pod) is not null,
            'place_named'
        )
    ) as flags
from signal_hits
left join (select incident_id, service from anchors) as anchors using (incident_id)
where not is_clearing
group by incident_id, known_at
