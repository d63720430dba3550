-- One row per kept record and incident that it goes to; '' stands for what belongs to none.
create or replace temp table written as
select group_records.record_id as kept_id, group_ids.incident_id
from group_records
join group_ids using (group_name)
union
select settled.kept_id, ''
from settled
where settled.kept_id is not null
    and settled.kept_id not in (
        select group_records.record_id from group_records semi join group_ids using (group_name)
    )
