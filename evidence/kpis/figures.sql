-- The figures of every cell of kpi_counted, in whole seconds, each rounded half up once and only at the end.
-- Lists count from 1. Nearest rank of the 90th percentile is the ceiling of 0.9 n.
select
    cell.* exclude (n, open_count, excluded_count, spans_ns, total_ns),
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
from kpi_counted as cell
left join kpi_median_ranks as ranks on ranks.n = cell.n
