-- intake.evidence_events of every variant. Alterations of one source follow one another in this order:
-- dropped, cut, skewed, delayed, reordered, duplicated. Only what arrives after the variant's moment is touched,
-- and nothing that is touched arrives by that moment.
with events as (
    select
        variants.variant_id,
        recorded.* exclude (incident_id),
        alterations.* exclude (variant_id, source),
        alterations.variant_id is not null and coalesce(recorded.known_at > variants.after, true) as is_touched
    from variants
    join recorded.evidence_events as recorded using (incident_id)
    left join alterations
        on alterations.variant_id = variants.variant_id and alterations.source = recorded.source
),
numbered as (
    -- An export is cut between records: what is lost leaves no trace, so that no gap lowers confidence.
    select
        *,
        row_number() over export - 1 as place,
        count(*) over (partition by variant_id, path) as event_count
    from events
    where is_touched and not is_dropped
    window export as (partition by variant_id, path order by ordinal, event_time, event_id)
),
moved as (
    -- Arrival is by the recipient's clock, so that a source's clock moves only the time of the event; but nothing
    -- arrives before it happened.
    select
        * replace (
            event_time + coalesce(skew_ns, 0) as event_time,
            greatest(known_at + coalesce(delay_ns, 0), event_time + coalesce(skew_ns, 0)) as known_at
        )
    from numbered
    where place * 100 >= coalesce(head_cut_percent, 0) * event_count
        and (event_count - 1 - place) * 100 >= coalesce(tail_cut_percent, 0) * event_count
),
arrivals as (
    select
        variant_id,
        source,
        event_id,
        known_at,
        row_number() over (partition by variant_id, source order by known_at, event_id) as arrival,
        row_number() over (
            partition by variant_id, source order by sha256(order_number || '/' || event_id), event_id
        ) as other_arrival
    from moved
    where order_number is not null
),
reordered as (
    select
        moved.* replace (
            greatest(coalesce(others.known_at, moved.known_at), moved.event_time) as known_at
        )
    from moved
    left join arrivals using (variant_id, source, event_id)
    left join arrivals as others
        on others.variant_id = arrivals.variant_id
        and others.source = arrivals.source
        and others.arrival = arrivals.other_arrival
),
copies as (
    -- Byte-identical copies never get past intake; these differ in a byte, as a redelivery's envelope does.
    select
        * replace (
            substr(sha256(event_id || '/copy'), 1, 32) as event_id,
            known_at + copy_lag_ns as known_at
        )
    from reordered
    where copy_lag_ns is not null
),
varied as (
    from events where not is_touched
    union all by name
    from reordered
    union all by name
    from copies
)
select
    variant_id as incident_id,
    * exclude (
        variant_id, is_dropped, head_cut_percent, tail_cut_percent, skew_ns, delay_ns, order_number, copy_lag_ns,
        is_touched, place, event_count
    )
from varied
