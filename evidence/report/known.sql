-- One row per incident that counted in the week, seen with what was known by the week's end (the cut): times,
-- evidence and recommendations that came later are left out, and the outcome where the action came later. What is
-- recorded without a time of its own (the incident's type, an outcome without an action) is taken as known. Of an
-- incident of which only a row of a table is known no arrival is recorded: it counts as known when its own times
-- had passed.
create or replace temp table report_known as
-- Times from the cut on had not happened yet.
with cut_times as (
    select
        incident.*,
        period.week as report_week,
        period.cut,
        case when incident.started_at < period.cut then incident.started_at end as known_started_at,
        case when incident.detected_at < period.cut then incident.detected_at end as known_detected_at,
        case when incident.mitigated_at < period.cut then incident.mitigated_at end as known_mitigated_at,
        case when incident.resolved_at < period.cut then incident.resolved_at end as known_resolved_at
    from kpi_incidents as incident
    cross join report_period as period
    left join report_first_arrivals as arrivals on arrivals.incident_id = incident.incident_id
    where coalesce(arrivals.first_known_at, incident.window_start) < period.cut
),

dated as (
    select
        *,
        coalesce(known_detected_at, known_started_at, window_start) as known_counted_at
    from cut_times
),

counted as (
    select
        *,
        kpi_iso_week(known_counted_at) as known_week,
        kpi_iso_week(coalesce(known_mitigated_at, known_counted_at)) as known_mitigation_week,
        kpi_iso_week(coalesce(known_resolved_at, known_counted_at)) as known_resolution_week
    from dated
),

present as (
    from counted
    where report_week in (known_week, known_mitigation_week, known_resolution_week)
),

last_states as (
    select
        states.incident_id,
        states.service,
        states.environment,
        states.severity,
        states.first_signal_name
    from enrichment.incident_states as states
    join present on present.incident_id = states.incident_id and states.known_at < present.cut
    qualify row_number() over (partition by states.incident_id order by states.moment desc) = 1
),

active_actions as (
    select distinct action
    from decision.option_scores
    where is_active
),

-- As the decision of record is found: the first active recommendation, else the last.
recommended as (
    select
        advice.incident_id,
        advice.moment,
        advice.known_at,
        advice.option,
        advice.action,
        advice.mode,
        advice.approvers,
        active_actions.action is not null as is_active
    from decision.recommendations as advice
    join present on present.incident_id = advice.incident_id and advice.known_at < present.cut
    left join active_actions on active_actions.action = advice.action
    where not advice.is_hindsight
    qualify row_number() over (
        partition by advice.incident_id
        order by
            active_actions.action is null,
            case when active_actions.action is null then -advice.moment else advice.moment end
    ) = 1
)

select
    present.incident_id,
    present.is_record_only,
    present.incident_type,
    case when present.is_record_only then present.service else kpi_label(last_states.service) end as service,
    case
        when present.is_record_only then present.environment
        else kpi_label(last_states.environment)
    end as environment,
    case when present.is_record_only then present.severity else report_severity(last_states.severity) end as severity,
    present.known_week as week,
    present.known_mitigation_week as mitigation_week,
    present.known_resolution_week as resolution_week,
    present.known_started_at as started_at,
    present.known_detected_at as detected_at,
    present.known_mitigated_at as mitigated_at,
    present.known_resolved_at as resolved_at,
    case when incidents.action_taken_at >= present.cut then 'unrecorded' else present.outcome end as outcome,
    recommended.moment,
    coalesce(recommended.is_active, false) as is_active,
    recommended.option,
    recommended.action,
    recommended.mode,
    coalesce(recommended.approvers, []) as approvers,
    case
        when is_same_decision then decision.time_to_decision_seconds
        else (recommended.known_at - state.first_signal_at) // 1000000000
    end as time_to_decision_seconds,
    last_states.first_signal_name,
    case
        when is_same_decision then decision.has_minimum_context
        else coalesce(state.has_minimum_context, false)
    end as has_minimum_context,
    case when is_same_decision then decision.missing_context else coalesce(state.missing_context, []) end
        as missing_context,
    -- The gate at which another decision stalled is in no table; NULL where it cannot be said.
    case
        when present.is_record_only then null
        when coalesce(recommended.is_active, false) then 'not_stalled'
        when is_same_decision or decision.incident_id is null then lessons.stalled_at
        when not coalesce(state.has_minimum_context, true) then 'context'
    end as stalled_at
from present
left join intake.incidents as incidents on incidents.incident_id = present.incident_id
left join last_states on last_states.incident_id = present.incident_id
left join recommended on recommended.incident_id = present.incident_id
left join enrichment.incident_states as state
    on state.incident_id = recommended.incident_id and state.moment = recommended.moment
left join decision.decisions as decision on decision.incident_id = present.incident_id
left join kpis.learning as lessons on lessons.incident_id = present.incident_id
cross join lateral (select coalesce(decision.moment = recommended.moment, false) as is_same_decision) as same
