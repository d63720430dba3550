-- One row per compared incident: the classes that its change belongs to, in the order in which they are looked at.
-- What is left when nothing about action or approval differs by itself is a matter of time.
-- A changed decision is another action, mode, set of approvers or time; reach and undo are each bundle's own.
with decided as (
    select
        pair.*,
        baseline.reach as baseline_reach,
        candidate.reach as candidate_reach,
        demands.mode as demanded_mode,
        demands.approvers as demanded_approvers,
        pair.baseline_action <> pair.candidate_action as is_other_action
    from comparison_pairs as pair
    join comparison_actions as baseline on baseline.side = 0 and baseline.action = pair.baseline_action
    join comparison_actions as candidate on candidate.side = 1 and candidate.action = pair.candidate_action
    left join comparison_demands as demands using (incident_id)
),

approvals as (
    select
        *,
        -- Whoever need not be asked at all may begin at once, so that roles count only where a mode asks for them.
        coalesce(
            candidate_mode < demanded_mode
                or (demanded_mode > 0 and not list_has_all(candidate_approvers, demanded_approvers)),
            false
        ) as is_less_approval,
        coalesce(
            candidate_mode > demanded_mode
                or (demanded_mode > 0 and not list_has_all(demanded_approvers, candidate_approvers)),
            false
        ) as is_more_approval
    from decided
),

classed as (
    select
        *,
        list_filter(
            [
                case when is_less_approval then 'approval-weakening' end,
                case when candidate_reach > baseline_reach then 'riskier' end,
                case
                    when candidate_preferred_action is distinct from baseline_preferred_action
                        and candidate_preferred_action is not null
                        then 'aborted-by-policy'
                end,
                case when candidate_reach < baseline_reach then 'safer' end,
                case when is_more_approval and not is_less_approval then 'approval-strengthening' end,
                case when is_other_action and candidate_reach = baseline_reach then 'lateral' end
            ],
            lambda class: class is not null
        ) as meanings
    from approvals
)

select
    * exclude (meanings),
    case
        when expected_option is null then 'unlabelled'
        when baseline_option = expected_option and candidate_option = expected_option then 'still-right'
        when baseline_option = expected_option then 'regresses'
        when candidate_option = expected_option then 'fixes'
        else 'still-wrong'
    end as label_effect,
    case
        when not is_decision_changed then []::varchar[]
        when len(meanings) = 0 then ['timing']
        else meanings
    end as classes
from classed
