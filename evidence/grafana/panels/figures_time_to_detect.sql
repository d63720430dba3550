-- One row per week and dimension, as published: the week, and each chosen service, severity and environment.
select
    week,
    case
        when service <> 'all' then 'service'
        when severity <> 'all' then 'severity'
        when environment <> 'all' then 'environment'
        else 'all incidents'
    end as "by",
    case
        when service <> 'all' then service
        when severity <> 'all' then severity
        when environment <> 'all' then environment
        else ''
    end as "which",
    /* figures */
from evidence_kpis.weekly_mttd
where
    /* weeks */
    and evidence_kpis.choice(service) in ('all', ${service:sqlstring})
    and evidence_kpis.choice(severity) in ('all', ${severity:sqlstring})
    and evidence_kpis.choice(environment) in ('all', ${environment:sqlstring})
    and (service <> 'all')::integer + (severity <> 'all')::integer + (environment <> 'all')::integer < 2
order by week desc, "by", "which"
