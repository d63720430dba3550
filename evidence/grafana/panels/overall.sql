-- One row per time and kind of record, over the whole history.
select
    replace(measure, '_', ' ') as "measure",
    basis as "known from",
    n,
    case sufficiency when 'too_few' then 'too few' else 'yes' end as "enough?",
    median_seconds as "median",
    interval_low_seconds as "95 % from",
    interval_high_seconds as "95 % to",
    p90_seconds as "p90",
    open_count as "open",
    excluded_count as "excluded"
from evidence_kpis.overall
order by measure, basis
