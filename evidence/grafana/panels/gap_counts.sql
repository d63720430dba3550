-- One row per kind of gap, and how much minimum context was complete.
with chosen as (
    select i.incident_id, i.has_minimum_context
    from evidence_kpis.incidents as i
    where i.is_decided
        and $__timeFilter(i.counted_at)
        /* filters */
)

select
    gaps.kind,
    gaps.source,
    replace(gaps.what, '_', ' ') as "what",
    sum(gaps.gap_count)::bigint as "times",
    count(distinct gaps.incident_id) as "incidents",
    (select count(*) from chosen) as "n"
from evidence_kpis.incident_gaps as gaps
join chosen on chosen.incident_id = gaps.incident_id
group by gaps.kind, gaps.source, gaps.what
union all
select 'minimum context complete', '', '', count(*), count(*), (select count(*) from chosen)
from chosen
where has_minimum_context
order by kind, source, "what"
