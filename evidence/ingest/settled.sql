-- One row per record: what becomes of it, and the record that stands for it.
-- `rivals_settled` says of each loser whether it says the same as the winner in other bytes.
create or replace temp table settled as
with winners as (
    select
        kept.sha256,
        kept.record_id,
        case when losers.is_equal then winner.record_id else kept.record_id end as kept_id,
        coalesce(not losers.is_equal, false) as is_conflict,
        losers.winner
    from kept
    left join rivals_settled as losers on losers.sha256 = kept.sha256
    left join kept as winner on winner.sha256 = losers.winner
)
select
    records.record_id,
    records.file_id,
    records.ordinal,
    case when winners.kept_id is null or winners.is_conflict then null else winners.kept_id end as kept_id,
    case
        when winners.record_id is null then records.reason
        when winners.is_conflict then 'conflicting_identity'
        else ''
    end as reason,
    case
        when winners.is_conflict
        then 'another record with its identity says otherwise: ' || lower(hex(winners.winner))
        else records.detail
    end as detail,
    records.reason = '' and winners.kept_id = records.record_id as is_kept,
    records.sha256,
    records.format,
    records.first_at,
    records.document
from records
left join winners on winners.sha256 = records.sha256 and records.length > 0
