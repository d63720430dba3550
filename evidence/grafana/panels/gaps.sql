-- One row per incident and what is lacking of its evidence.
select
    i.incident_id as "incident",
    i.week,
    gaps.kind,
    gaps.source,
    replace(gaps.what, '_', ' ') as "what",
    gaps.gap_count as "times",
    /* links */
from evidence_kpis.incident_gaps as gaps
join evidence_kpis.incidents as i on i.incident_id = gaps.incident_id
where $__timeFilter(i.counted_at)
    /* filters */
order by i.counted_at desc, i.incident_id, gaps.kind, gaps.source, gaps.what
