-- One row per distinct bytes of sound records: one copy stands for all, one that an incident holds already first.
create or replace temp table kept as
select
    records.sha256,
    arg_min(records.record_id, (files.held_by is null, records.record_id)) as record_id,
    min(format) as format,
    min(identity) as identity,
    min(first_at) as first_at
from records
join files using (file_id)
where reason = ''
group by records.sha256;

-- Records of one identity and other bytes: the first to have happened (of equals the least digest) is kept.
create or replace temp table rivals as
select
    sha256,
    record_id,
    format,
    identity,
    first_value(sha256) over (partition by format, identity order by first_at nulls last, sha256) as winner
from kept
semi join (
    select format, identity from kept where identity is not null group by format, identity having count(*) > 1
) as shared using (format, identity)
