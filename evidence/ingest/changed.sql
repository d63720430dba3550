-- The incidents that hold other bytes than before.
with held as (
    select files.held_by as incident_id, coalesce(records.document, records.sha256) as sha256
    from records
    join files using (file_id)
    where files.held_by <> '' and (records.reason = '' or records.document is not null)
)
select incident_id from (
    (select incident_id, sha256 from units except select incident_id, sha256 from held)
    union
    (select incident_id, sha256 from held except select incident_id, sha256 from units)
)
where incident_id <> ''
group by incident_id
