-- One row per incident, reviewer and question that the reviewer has answered: the latest answer.
create or replace temp view kpi_latest_answers as
select *
from (
    select
        incident_id,
        reviewed_by,
        reviewed_at,
        unnest(['signal', 'enrichment', 'action', 'responder', 'option', 'expected action']) as question,
        unnest([
            signal_high_confidence::varchar,
            enrichment_narrowed::varchar,
            least_risky_effective::varchar,
            responder_understood::varchar,
            expected_option,
            expected_action
        ]) as answer
    from intake.reviews
)
where answer is not null
qualify row_number() over (partition by incident_id, reviewed_by, question order by reviewed_at desc) = 1
