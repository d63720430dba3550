-- One row per incident: the reviewers' answers and whether they agree with what was recommended.
select
    i.incident_id as "incident",
    review.week,
    review.was_signal_high_confidence as "signal",
    review.did_enrichment_narrow as "enrichment",
    review.was_least_risky_effective as "least risky",
    review.did_responder_understand as "understood",
    review.expected_option as "expected",
    review.recommended_option as "recommended",
    review.agreement,
    review.review_count as "reviews",
    review.is_disputed as "disputed",
    /* links */
from evidence_kpis.quality_review as review
join evidence_kpis.incidents as i on i.incident_id = review.incident_id
where $__timeFilter(i.counted_at)
    /* filters */
order by i.counted_at desc, i.incident_id
