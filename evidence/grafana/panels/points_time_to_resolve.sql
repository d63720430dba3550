-- One row per measured incident, and beside it the published median of its week over all incidents.
select
    times.ended_at as "time",
    times.seconds as "incident",
    weekly.median_seconds as "median of the week",
    /* point links */
from evidence_kpis.incident_times as times
join evidence_kpis.incidents as i on i.incident_id = times.incident_id
left join evidence_kpis.weekly_mttr as weekly
    on weekly.week = times.week
    and weekly.incident_type = 'all'
    and weekly.sufficiency = 'sufficient'
where times.measure = 'time_to_resolve'
    and times.standing = 'measured'
    and $__timeFilter(times.ended_at)
    /* filters */
order by times.ended_at, times.incident_id
