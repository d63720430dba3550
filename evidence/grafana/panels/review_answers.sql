-- One row per question: what reviewers answered; nothing is filled in where nobody did.
with answers as (
    select question, answer
    from evidence_kpis.quality_review as review
    join evidence_kpis.incidents as i on i.incident_id = review.incident_id
    cross join lateral (
        values
            ('1. Was the signal high-confidence?', review.was_signal_high_confidence),
            ('2. Did the enrichment narrow the decision?', review.did_enrichment_narrow),
            ('3. Was the least risky effective action chosen?', review.was_least_risky_effective),
            ('4. Could the responder understand why?', review.did_responder_understand)
    ) as asked (question, answer)
    where $__timeFilter(i.counted_at)
        /* filters */
)

select
    question,
    count(*) filter (where answer <> 'unlabelled') as "n",
    count(*) filter (where answer = 'yes') as "yes",
    count(*) filter (where answer = 'no') as "no",
    count(*) filter (where answer = 'unlabelled') as "unlabelled",
    case when count(*) filter (where answer <> 'unlabelled') < 6 then 'too few' else 'yes' end as "enough?"
from answers
group by question
order by question
