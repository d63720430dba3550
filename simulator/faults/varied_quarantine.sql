-- intake.quarantine of every variant: the refused records of a source that is dropped from the beginning go with it.
-- A file that no reader recognised belongs to no source, and stays.
with sources as (
    select files.incident_id, files.file_sha256, min(formats.source) as source
    from recorded.files as files
    join recorded.formats as formats using (format)
    group by files.incident_id, files.file_sha256
)
select
    variants.variant_id as incident_id,
    quarantine.* exclude (incident_id)
from variants
join recorded.quarantine as quarantine using (incident_id)
left join sources
    on sources.incident_id = quarantine.incident_id and sources.file_sha256 = quarantine.file_sha256
left join alterations
    on alterations.variant_id = variants.variant_id and alterations.source = sources.source
where not (coalesce(alterations.is_dropped, false) and variants.after is null)
