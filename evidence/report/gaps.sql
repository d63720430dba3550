-- One row per side, incident detected in the week and known gap; a gap counts whole from when it was first known.
select
    sides.side,
    gaps.incident_id,
    gaps.source,
    gaps.gap,
    gaps.gap_count
from quality.completeness as gaps
cross join report_period as period
join report_sides as sides
    on sides.incident_id = gaps.incident_id and sides.week = period.week and not sides.is_record_only
where sides.side = 'now' or gaps.known_at < period.cut
order by all
