-- One row per mode and per role: how often anybody is asked, of all incidents decided.
with decided as (
    select i.incident_id, i.mode, i.approvers
    from evidence_kpis.incidents as i
    where i.is_decided
        and $__timeFilter(i.counted_at)
        /* filters */
),

loads as (
    select 'mode' as "by", replace(mode, '_', ' ') as "which", count(*) as "incidents"
    from decided
    group by mode
    union all
    select 'role asked', replace(role, '_', ' '), count(*)
    from decided
    cross join unnest(approvers) as role
    where mode <> 'automatic'
    group by role
)

select
    "by",
    "which",
    "incidents",
    (select count(*) from decided) as "n",
    case when (select count(*) from decided) < 6 then 'too few' else 'yes' end as "enough?"
from loads
order by "by", "incidents" desc, "which"
