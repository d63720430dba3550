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
    kpi_counted_times(standing, span_ns) as times
from kpi_times
group by grouping sets ((kpi, is_record_only), (kpi))
