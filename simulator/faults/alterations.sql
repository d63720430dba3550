-- One row per variant and source that is altered: all that happens to it, NULL where nothing of the kind does.
select
    variant_id,
    source,
    bool_or(kind = 'dropped') as is_dropped,
    max(amount) filter (where kind = 'head_cut') as head_cut_percent,
    max(amount) filter (where kind = 'tail_cut') as tail_cut_percent,
    max(amount * 1000000000) filter (where kind = 'skewed') as skew_ns,
    max(amount * 1000000000) filter (where kind = 'delayed') as delay_ns,
    max(amount) filter (where kind = 'reordered') as order_number,
    max(amount * 1000000000) filter (where kind = 'duplicated') as copy_lag_ns
from arrow_alterations
group by variant_id, source
