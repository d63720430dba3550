-- One row per record of the files given (what an incident holds already is not counted): its fate.
create or replace temp table input_fates as
select
    settled.record_id,
    settled.file_id,
    settled.ordinal,
    records.format,
    records.start,
    records.length,
    records.line,
    settled.sha256,
    settled.reason,
    records.field,
    settled.detail,
    settled.kept_id,
    case
        when settled.reason <> '' then 'refused'
        when settled.record_id <> settled.kept_id then 'duplicate'
        when placed.kept_id is null then 'unplaced'
        else 'evidence'
    end as fate
from settled
join files using (file_id)
join records using (record_id)
left join (select distinct kept_id from written where incident_id <> '') as placed
    on placed.kept_id = settled.kept_id
where files.held_by is null
