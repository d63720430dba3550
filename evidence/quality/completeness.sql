-- quality.completeness: what the exports declare to lack, what reading them showed, and what is not there at all.
-- Gaps with a time of their own count from it. An absence is judged over the whole recording, so that it counts
-- from the end of the window: at an earlier moment nobody could know that nothing would still arrive.
with declared as (
    select
        incident_id,
        source,
        gap,
        subject,
        min_by(detail, (known_at, record_sha256, pointer)) as detail,
        min(known_at) as known_at,
        count(*) as gap_count,
        min_by(record_sha256, (known_at, record_sha256, pointer)) as record_sha256,
        min_by(pointer, (known_at, record_sha256, pointer)) as pointer
    from intake.declared_gaps
    group by incident_id, source, gap, subject
),
file_arrivals as (
    select incident_id, file_sha256, min(source) as source, min(known_at) as known_at
    from intake.evidence_events
    group by incident_id, file_sha256
),
refused as (
    -- Known as soon as anything else of the file is; a file of which nothing could be read has no time of its own.
    select
        quarantine.incident_id,
        coalesce(min(file_arrivals.source), '') as source,
        'records_quarantined' as gap,
        quarantine.file_sha256 as subject,
        count(*) || ' records could not be read ('
            || string_agg(distinct quarantine.reason, ', ' order by quarantine.reason)
            || '); their bytes are kept' as detail,
        coalesce(min(file_arrivals.known_at), min(incidents.window_end)) as known_at,
        count(*) as gap_count,
        min(quarantine.record_sha256) as record_sha256,
        '' as pointer
    from intake.quarantine as quarantine
    join intake.incidents as incidents using (incident_id)
    left join file_arrivals using (incident_id, file_sha256)
    group by quarantine.incident_id, quarantine.file_sha256
),
unmapped as (
    select
        incident_id,
        source,
        'metric_unmapped' as gap,
        name as subject,
        'no measure is set for the metric ' || name || '; its values decide nothing' as detail,
        min(known_at) as known_at,
        count(*) as gap_count,
        min_by(record_sha256, (known_at, event_id)) as record_sha256,
        '' as pointer
    from intake.evidence_events
    where kind = 'metric' and measure is null
    group by incident_id, source, name
),
absent as (
    select
        incidents.incident_id,
        '' as source,
        'change_source_missing' as gap,
        'change' as subject,
        'no source of changes (Argo CD, Flux, GitHub, CloudTrail) is in evidence: nobody knows whether anything changed'
            as detail,
        incidents.window_end as known_at,
        1 as gap_count,
        null::text as record_sha256,
        null::text as pointer
    from intake.incidents as incidents
    anti join (
        select incident_id
        from intake.evidence_events
        where source = 'aws_cloudtrail'
            or (kind = 'change' and coalesce(activity, '') not in ('drifted', 'planned'))
    ) as covered using (incident_id)
)
select * replace (gap_count::integer as gap_count)
from (
    from declared
    union all by name
    from refused
    union all by name
    -- A reader may declare the same; its word has the place in the record.
    select unmapped.* from unmapped anti join declared using (incident_id, source, gap, subject)
    union all by name
    from absent
)
