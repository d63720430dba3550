-- One row per record that lost against another of its identity: whether it is a copy of that, or says otherwise.
create or replace temp table rivals_settled as
with said as (
    from contents
    union all
    select rivals.sha256, records.stated
    from rivals
    join records using (record_id)
    where records.stated is not null
)
select rivals.sha256, rivals.winner, own.content = winners.content as is_equal
from rivals
join said as own on own.sha256 = rivals.sha256
join said as winners on winners.sha256 = rivals.winner
where rivals.sha256 <> rivals.winner
