-- One row per week and type, as published: the week, and each chosen type.
select
    week,
    case when incident_type = 'all' then 'all incidents' else 'type' end as "by",
    case when incident_type = 'all' then '' else incident_type end as "which",
    /* figures */
from evidence_kpis.weekly_dwell_time
where
    /* weeks */
    and evidence_kpis.choice(incident_type) in ('all', ${type:sqlstring})
order by week desc, "by", "which"
