-- One row per record of the files given: where its bytes lay, and where they went.
create or replace temp table provenance as
with shared as (
    select kept_id from written group by kept_id having count(*) > 1
),
places as (
    -- Nearly every record goes to one incident, and sorting one name is all that it would cost.
    select kept_id, incident_id as ids from written anti join shared using (kept_id)
    union all
    select kept_id, string_agg(incident_id, ' ' order by incident_id)
    from written
    semi join shared using (kept_id)
    group by kept_id
)
select
    files.path,
    files.sha256 as file_sha256,
    input_fates.file_id,
    input_fates.ordinal,
    input_fates.start as byte_offset,
    input_fates.length as byte_length,
    lower(hex(input_fates.sha256)) as record_sha256,
    input_fates.fate,
    input_fates.reason,
    -- Several where a record, or the document around it, belongs to several.
    case when input_fates.fate <> 'refused' then nullif(places.ids, '') end as incident_ids
from input_fates
join files using (file_id)
left join places using (kept_id)
union all
-- What was evidence of an incident until a record of this ingest came, where it lay then.
select
    files.path,
    files.sha256,
    displaced.file_id,
    displaced.ordinal,
    records.start,
    records.length,
    lower(hex(displaced.sha256)),
    'refused',
    displaced.reason,
    null
from displaced
join records using (record_id)
join files on files.file_id = displaced.file_id
