-- One row per incident with a decision: from its first signal to the decision of record.
select
    times.ended_at as "time",
    times.seconds as "incident",
    /* point links */
from evidence_kpis.incident_times as times
join evidence_kpis.incidents as i on i.incident_id = times.incident_id
where times.measure = 'time_to_decision'
    and times.standing = 'measured'
    and $__timeFilter(times.ended_at)
    /* filters */
order by times.ended_at, times.incident_id
