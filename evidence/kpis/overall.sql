-- kpis.overall: the figures of every time over the whole history, in whole seconds, as spreads.sql makes them.
select
    cell.measure,
    cell.basis,
    cast(cell.n as integer) as n,
    cast(cell.open_count as integer) as open_count,
    cast(cell.excluded_count as integer) as excluded_count,
    kpi_half_up(
        cast(cell.spans_ns[(cell.n + 1) // 2] as hugeint) + cell.spans_ns[cell.n // 2 + 1],
        2000000000
    ) as median_seconds,
    kpi_half_up(cell.spans_ns[(9 * cell.n + 9) // 10], 1000000000) as p90_seconds,
    kpi_half_up(cell.total_ns, cast(cell.n as hugeint) * 1000000000) as mean_seconds,
    kpi_half_up(cell.spans_ns[ranks.low_rank], 1000000000) as interval_low_seconds,
    kpi_half_up(cell.spans_ns[ranks.high_rank], 1000000000) as interval_high_seconds,
    case when ranks.n is null then 'too_few' else 'sufficient' end as sufficiency
from kpi_overall_cells as cell
left join kpi_median_ranks as ranks on ranks.n = cell.n
order by cell.measure, cell.basis
