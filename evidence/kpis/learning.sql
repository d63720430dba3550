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
    where not incident.is_record_only
),

matrix as (
    select distinct
        action,
        option
    from decision.option_scores
),

-- What the active playbook says of the action that responders took, at its decision.
verdicts as (
    select
        incident.incident_id,
        matrix.option as taken_option,
        case
            when incident.action_taken is null then 'unrecorded'
            when not incident.is_decided then 'undecided'
            when incident.action_taken = incident.recommended_action then 'recommended'
            when matrix.option is null then 'unknown_action'
            when not taken.is_allowed_by_policy then 'denied_by_policy'
            when matrix.option = incident.recommended_option then 'same_option'
            else 'other_option'
        end as action_verdict
    from kpi_incidents as incident
    left join matrix on matrix.action = incident.action_taken
    left join decision.option_scores as taken
        on taken.incident_id = incident.incident_id and taken.action = incident.action_taken
),

-- Which enrichment mattered: what would have been decided without each source of evidence.
sources as (
    select
        incident_id,
        list(source order by source) filter (where difference in ('action', 'approval')) as deciding_sources,
        list(source order by source) filter (where difference = 'moment' and later_seconds > 0)
            as hastening_sources
    from replay.ablations
    group by incident_id
)

select
    incident_id,
    week,
    first_signal_name,
    first_signal_source,
    action_taken,
    recommended_action,
    action_verdict,
    case
        when label_expected_action is null and label_expected_option is not null
            and action_verdict = 'denied_by_policy' then false
        else kpi_is_right(action_taken, taken_option, label_expected_option, label_expected_action)
    end as is_action_correct,
    kpi_is_right(recommended_action, recommended_option, label_expected_option, label_expected_action)
        as is_recommendation_correct,
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
    coalesce(sources.deciding_sources, []) as deciding_sources,
    coalesce(sources.hastening_sources, []) as hastening_sources
from stalls
join verdicts using (incident_id)
left join sources using (incident_id)
order by incident_id
