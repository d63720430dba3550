-- One row per incident; where one is named above, that one alone, whatever else is chosen.
select
    i.incident_id as "incident",
    i.title,
    i.counted_at as "detected",
    i.incident_type as "type",
    i.service,
    i.severity,
    i.environment,
    i.outcome,
    i.recommended_action as "recommended",
    i.mode,
    array_to_string(i.approvers, ', ') as "approvers",
    /* links */
from evidence_kpis.incidents as i
where (${incident:sqlstring} = '' or evidence_kpis.choice(i.incident_id) = ${incident:sqlstring})
    and (
        ${incident:sqlstring} <> ''
        or (
            $__timeFilter(i.counted_at)
            /* filters */
        )
    )
order by i.counted_at desc, i.incident_id
