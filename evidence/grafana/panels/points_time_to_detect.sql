-- One row per measured incident, and beside it the published median of its week over all incidents.
select
    times.ended_at as "time",
    times.seconds as "incident",
    weekly.median_seconds as "median of the week",
    /* point links */
from evidence_kpis.incident_times as times
join evidence_kpis.incidents as i on i.incident_id = times.incident_id
left join evidence_kpis.weekly_mttd as weekly
    on weekly.week = times.week
    and weekly.service = 'all' and weekly.severity = 'all' and weekly.environment = 'all'
    and weekly.sufficiency = 'sufficient'
where times.measure = 'time_to_detect'
    and times.standing = 'measured'
    and $__timeFilter(times.ended_at)
    /* filters */
order by times.ended_at, times.incident_id
