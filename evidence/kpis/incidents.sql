-- One row per incident: the weeks in which it counts, its labels and what was recommended.
-- An end that is not recorded puts the incident into the week of the last step before it, so that
-- every incident counts in exactly one week of every table. An incident of which only a row is known
-- (`is_record_only`) counts in the tables of times alone: nothing was decided, so there is nothing to review.
create or replace temp table kpi_incidents as
with audited_calls as (
    select
        context.incident_id,
        events.region,
        events.account_uid,
        count(*) as call_count
    from enrichment.incident_context as context
    join intake.evidence_events as events
        on events.incident_id = context.incident_id
        and events.source = 'aws_cloudtrail'
        and events.region is not null
        and (events.credential_uid = context.credential_uid or events.actor = context.principal)
    group by all
),

-- The account and region whose trail holds most calls of the incident's identity; of equals the least.
audit_places as (
    select
        incident_id,
        list(
            struct_pack(region := region, account := account_uid)
            order by call_count desc, region, coalesce(account_uid, '')
        )[1] as place
    from audited_calls
    group by incident_id
),

stated as (
    select
        *,
        false as is_record_only,
        null::varchar as service_stated,
        null::varchar as severity_stated,
        null::varchar as environment_stated
    from intake.incidents
    union all by name
    select
        record_id as incident_id,
        coalesce(incident_type, 'unknown') as incident_type,
        least(started_at, detected_at, acknowledged_at, mitigated_at, resolved_at) as window_start,
        greatest(started_at, detected_at, acknowledged_at, mitigated_at, resolved_at) as window_end,
        started_at,
        detected_at,
        mitigated_at,
        resolved_at,
        true as is_record_only,
        service as service_stated,
        severity as severity_stated,
        environment as environment_stated
    from intake.incident_records
),

dated as (
    select
        *,
        coalesce(detected_at, started_at, window_start) as counted_at
    from stated
)

select
    incident.incident_id,
    incident.incident_type,
    incident.is_record_only,
    incident.window_start,
    incident.window_end,
    incident.started_at,
    incident.detected_at,
    incident.mitigated_at,
    incident.resolved_at,
    incident.action_taken,
    coalesce(incident.outcome, 'unrecorded') as outcome,
    incident.label_signal_high_confidence,
    incident.label_enrichment_narrowed,
    incident.label_least_risky_effective,
    incident.label_responder_understood,
    incident.label_expected_option,
    incident.label_expected_action,
    incident.label_by,
    incident.label_at,
    kpi_iso_week(incident.counted_at) as week,
    kpi_iso_week(coalesce(incident.mitigated_at, incident.counted_at)) as mitigation_week,
    kpi_iso_week(coalesce(incident.resolved_at, incident.counted_at)) as resolution_week,
    coalesce(context.service, incident.service_stated) as service_name,
    context.namespace,
    kpi_label(coalesce(context.service, incident.service_stated)) as service,
    kpi_label(coalesce(context.environment, incident.environment_stated)) as environment,
    case context.severity
        when 1 then 'informational'
        when 2 then 'low'
        when 3 then 'medium'
        when 4 then 'high'
        when 5 then 'critical'
        when 6 then 'fatal'
        else coalesce(incident.severity_stated, 'unknown')
    end as severity,
    context.first_signal_name,
    context.first_signal_source,
    component.argocd_app as application,
    context.cluster,
    context.credential_uid as credential,
    case when context.actor_kind = 'human' then context.principal end as user_name,
    audit.place.region as region,
    audit.place.account as account,
    decision.incident_id is not null as is_decided,
    coalesce(decision.option, 'none') as recommended_option,
    coalesce(decision.action, 'none') as recommended_action,
    coalesce(decision.rung, 0) > 0 as is_active,
    decision.mode,
    decision.confidence,
    coalesce(decision.has_minimum_context, false) as has_minimum_context,
    coalesce(decision.missing_context, []) as missing_context,
    coalesce(decision.is_aborted_by_policy, false) as is_aborted_by_policy,
    decision.preferred_action
from dated as incident
left join enrichment.incident_context as context on context.incident_id = incident.incident_id
left join decision.decisions as decision on decision.incident_id = incident.incident_id
left join intake.services as component on component.kind = 'component' and component.name = context.service
left join audit_places as audit on audit.incident_id = incident.incident_id
