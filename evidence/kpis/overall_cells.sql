-- One row per time and kind of record over the whole history: as `kpi_cells`, without the incidents' names.
create or replace temp table kpi_overall_cells as
select
    case kpi
        when 'kpis.weekly_mttd' then 'time_to_detect'
        when 'kpis.weekly_mttr' then 'time_to_resolve'
        else 'dwell_time'
    end as measure,
    case
        when grouping(is_record_only) = 1 then 'all'
        when is_record_only then 'table'
        else 'exports'
    end as basis,
    count(*) filter (where standing = 'measured') as n,
    count(*) filter (where standing = 'open') as open_count,
    count(*) filter (where standing = 'excluded') as excluded_count,
    list(span_ns order by span_ns) filter (where standing = 'measured') as spans_ns,
    sum(span_ns) filter (where standing = 'measured') as total_ns
from kpi_times
group by grouping sets ((kpi, is_record_only), (kpi))
