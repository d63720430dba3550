-- One row per refused record of the files given, and of what an incident held until a record of this ingest came.
select
    files.path as file,
    records.line,
    records.start as byte_offset,
    records.length as byte_length,
    lower(hex(refused.sha256)) as record_sha256,
    records.format,
    refused.reason,
    records.field,
    refused.detail,
    refused.held_by
from (
    select record_id, file_id, sha256, reason, detail, null as held_by from input_fates where fate = 'refused'
    union all
    select record_id, file_id, sha256, reason, detail, held_by from displaced
) as refused
join records using (record_id)
join files on files.file_id = refused.file_id
order by refused.held_by nulls first, files.path, records.ordinal, refused.file_id
