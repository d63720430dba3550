-- One row per incident: the first signal, what was done and whether it was right, where the playbook stalled.
select
    i.incident_id as "incident",
    learning.week,
    learning.first_signal_name as "first signal",
    learning.first_signal_source as "from",
    array_to_string(learning.deciding_sources, ', ') as "deciding evidence",
    learning.action_taken as "done",
    learning.recommended_action as "recommended",
    learning.action_verdict as "verdict",
    case
        when learning.is_action_correct then 'yes'
        when not learning.is_action_correct then 'no'
        else 'unlabelled'
    end as "done was right",
    learning.stalled_at as "stalled at",
    learning.stalled_because as "because",
    /* links */
from evidence_kpis.learning as learning
join evidence_kpis.incidents as i on i.incident_id = learning.incident_id
where $__timeFilter(i.counted_at)
    /* filters */
order by i.counted_at desc, i.incident_id
