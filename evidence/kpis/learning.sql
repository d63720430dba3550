-- Where the playbook stalled: the active candidates pass the gates one after another, in the order of
-- the decision; the gate that leaves none of them is named, with the candidate that stood nearest.
with gates as (
    select
        *,
        is_effective and is_allowed_by_policy as passes_policy,
        is_effective and is_allowed_by_policy and is_confidence_sufficient as passes_confidence,
        is_effective and is_allowed_by_policy and is_confidence_sufficient and are_preconditions_met as passes_all
    from decision.option_scores
    where is_active
),

nearest as (
    select
        incident_id,
        max(need_points) as need_points,
        list(struct_pack(action := action, effect_points := effect_points) order by effect_points desc, rung, action)
            filter (where effect_points > 0)[1] as supported,
        list(action order by rung, action) filter (where is_effective)[1] as effective,
        list(action order by rung, action) filter (where passes_policy)[1] as allowed,
        list(struct_pack(action := action, failed := failed_preconditions) order by rung, action)
            filter (where passes_confidence)[1] as trusted,
        list(action order by rung, action) filter (where passes_all)[1] as ready
    from gates
    group by incident_id
),

stalls as (
    select
        incident.*,
        nearest.* exclude (incident_id),
        case
            when incident.is_active then 'not_stalled'
            when not incident.has_minimum_context then 'context'
            when incident.is_aborted_by_policy then 'policy'
            when nearest.supported is null then 'not_stalled'
            when nearest.effective is null then 'effect'
            when nearest.allowed is null then 'policy'
            when nearest.trusted is null then 'confidence'
            when nearest.ready is null then 'precondition'
            else 'not_stalled'
        end as stalled_at
    from kpi_incidents as incident
    left join nearest on nearest.incident_id = incident.incident_id
)

select
    incident_id,
    week,
    first_signal_name,
    first_signal_source,
    action_taken,
    recommended_action,
    label_expected_option = recommended_option as is_action_correct,
    stalled_at,
    case stalled_at
        when 'not_stalled' then ''
        when 'context' then
            case
                when is_decided then 'Minimum context was missing: ' || array_to_string(missing_context, ', ') || '.'
                else 'No record could be read as evidence, so there was nothing to decide on.'
            end
        when 'effect' then
            'No active action reached ' || need_points || ' points; nearest was ' || supported.action || ' with '
            || supported.effect_points || '.'
        when 'policy' then
            coalesce(preferred_action, effective) || ' would have been effective, but policy denies it even with approval.'
        when 'confidence' then
            allowed || ' would have been effective and policy allows it, but confidence ' || confidence
            || ' is below its floor.'
        when 'precondition' then
            trusted.action || ' would have been effective and policy allows it, but it fails: '
            || array_to_string(trusted.failed, ', ') || '.'
    end as stalled_because,
    window_start,
    window_end,
    service_name,
    namespace,
    application
from stalls
order by incident_id
