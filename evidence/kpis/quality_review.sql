-- One row per incident: the answers that count, and whether the reviewers are at one. They are at odds where the
-- latest answers of two of them to one question differ.
with at_odds as (
    select distinct incident_id
    from (
        select incident_id
        from kpi_latest_answers
        group by incident_id, question
        having count(distinct answer) > 1
    )
),

reviews as (
    select incident_id, count(*) as review_count, list(distinct reviewed_by order by reviewed_by) as reviewers
    from intake.reviews
    group by incident_id
)

select
    incident.incident_id,
    incident.week,
    kpi_answer(label_signal_high_confidence) as was_signal_high_confidence,
    kpi_answer(label_enrichment_narrowed) as did_enrichment_narrow,
    kpi_answer(label_least_risky_effective) as was_least_risky_effective,
    kpi_answer(label_responder_understood) as did_responder_understand,
    coalesce(label_expected_option, 'unlabelled') as expected_option,
    recommended_option,
    case
        when label_expected_option is null then 'unlabelled'
        when label_expected_option = recommended_option then 'agrees'
        else 'differs'
    end as agreement,
    label_by as labelled_by,
    label_at as labelled_at,
    coalesce(review_count, 0)::integer as review_count,
    coalesce(reviewers, []) as reviewers,
    at_odds.incident_id is not null as is_disputed
from kpi_incidents as incident
left join reviews on reviews.incident_id = incident.incident_id
left join at_odds on at_odds.incident_id = incident.incident_id
where not is_record_only
order by incident.incident_id
