-- Neighbouring records of a file that went the same way, in order: where to, how many, and their offsets.
with goals as (
    select
        input_fates.file_id,
        input_fates.ordinal,
        input_fates.start,
        input_fates.start + input_fates.length as stop,
        case input_fates.fate when 'refused' then 'refused' else coalesce(nullif(places.ids, ''), 'unplaced') end as goal
    from input_fates
    left join (
        select kept_id, string_agg(incident_id, ' ' order by incident_id) as ids from written group by kept_id
    ) as places using (kept_id)
),
turned as (
    select
        *,
        (goal is distinct from lag(goal) over (partition by file_id order by ordinal))::integer as is_turn
    from goals
),
numbered as (
    select *, sum(is_turn) over (partition by file_id order by ordinal rows unbounded preceding) as place from turned
)
select file_id, goal, min(ordinal), count(*), min(start), max(stop)
from numbered
group by file_id, goal, place
order by file_id, min(ordinal)
