-- One row per incident and thing to be copied into it: a record that speaks for itself, or a whole document.
create or replace temp table units as
with bare as (
    select records.sha256, min(records.record_id) as record_id, min(files.received_at) as received_at
    from records
    join files using (file_id)
    where records.reason = '' and records.document is null
    group by records.sha256
),
-- Copies that state the same are kept, too: in the text of each may be what no other has.
copies as (
    select distinct kept_id, sha256 from settled where kept_id is not null
),
singles as (
    select
        written.incident_id,
        records.format,
        bare.received_at,
        'record' as unit,
        records.first_at,
        records.sha256,
        records.file_id,
        records.start,
        records.length
    from written
    join copies using (kept_id)
    join bare using (sha256)
    join records on records.record_id = bare.record_id
),
wholes as (
    select
        written.incident_id,
        records.document,
        min(records.format) as format,
        min(records.first_at) as first_at,
        min(files.received_at) as received_at
    from records
    join settled using (record_id)
    join written using (kept_id)
    join files on files.file_id = records.file_id
    where records.document is not null and records.reason = ''
    group by written.incident_id, records.document
),
places as (
    select sha256, arg_min((file_id, start, length), (file_id, start)) as place, bool_or(is_broken) as is_broken
    from documents
    group by sha256
)
from singles
union all
select
    wholes.incident_id,
    wholes.format,
    wholes.received_at,
    case when places.is_broken then 'broken ' || lower(hex(wholes.document)) else 'document' end,
    wholes.first_at,
    wholes.document,
    places.place[1],
    places.place[2],
    places.place[3]
from wholes
join places on places.sha256 = wholes.document
