-- Groups in order of their beginning, with what names them.
select
    group_records.group_name,
    min(group_records.incident_id) as incident_id,
    min(group_times.begin_at) as begin_at,
    min(group_times.end_at) as end_at,
    arg_min(
        group_records.sha256,
        (group_records.flags & 128 <> 0, group_records.first_at, group_records.sha256)
    ) as founder,
    arg_min(
        group_records.signal_name,
        (group_records.signal_rank, group_records.signal_at, group_records.sha256)
    ) as signal_name,
    bit_or(group_records.flags) as flags
from group_records
join group_times using (group_name)
group by group_records.group_name
order by begin_at, founder, group_name
