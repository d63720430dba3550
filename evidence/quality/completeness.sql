-- quality.completeness: what the exports declare to lack, what reading them showed, and what is not there at all;
-- clocks that disagree, and pods that somebody names and no log shows.
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
        sum(gap_count)::bigint as gap_count,
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
        count(*) || case when count(*) = 1 then ' record' else ' records' end || ' could not be read ('
            || string_agg(distinct quarantine.reason, ', ' order by quarantine.reason)
            || '); the bytes are kept' as detail,
        coalesce(min(file_arrivals.known_at), min(incidents.window_end)) as known_at,
        count(*) as gap_count,
        -- A link or a pipe has no bytes that a claim could rest on.
        min(quarantine.record_sha256)
            filter (where quarantine.reason not in ('not_regular_file', 'unreadable')) as record_sha256,
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
early as (
    -- A pod says nothing before the control plane has placed it. Names that are used again (StatefulSets) do not tell.
    select
        events.incident_id,
        events.source,
        placed.event_time - events.event_time as off_ns,
        greatest(events.known_at, placed.known_at) as known_at,
        events.event_id,
        events.record_sha256,
        events.pointer
    from intake.evidence_events as events
    join (
        select incident_id, namespace, pod, min(event_time) as event_time, min(known_at) as known_at
        from intake.evidence_events
        where source = 'kubernetes_events' and name = 'Scheduled' and pod is not null
        group by incident_id, namespace, pod
    ) as placed
        on placed.incident_id = events.incident_id and placed.pod = events.pod
        and placed.namespace is not distinct from events.namespace
    where events.kind in ('detection', 'log', 'metric', 'trace') and events.source <> 'kubernetes_events'
        and placed.event_time - events.event_time > $clock_skew_ns
        and regexp_matches(events.pod, '-[bcdfghjklmnpqrstvwxz2456789]{5}$')
),
skewed as (
    select
        incident_id,
        source,
        'clock_skewed' as gap,
        'pod placement' as subject,
        'its clock is ' || min_by(off_ns, (known_at, event_id)) // 1000000000
            || ' s or more behind the control plane''s: a pod spoke before it was placed on a node' as detail,
        min(known_at) as known_at,
        count(*) as gap_count,
        min_by(record_sha256, (known_at, event_id)) as record_sha256,
        min_by(pointer, (known_at, event_id)) as pointer
    from early
    group by incident_id, source
),
claims as (
    select incident_id, source, namespace, pod, event_time, known_at, event_id, record_sha256, pointer
    from intake.evidence_events
    where pod is not null and not is_response
        and source in ('argo_events', 'event_envelope', 'pagerduty', 'stackstorm')
),
sightings as (
    select incident_id, namespace, pod, source, event_time, known_at
    from intake.evidence_events
    where pod is not null and source not in ('argo_events', 'event_envelope', 'pagerduty', 'slack', 'stackstorm')
),
unseen as (
    -- A relay names a pod, and the cluster's logs of its namespace go on beyond that without it.
    select
        claims.*,
        min(greatest(claims.known_at, sightings.known_at)) filter (
            where sightings.pod <> claims.pod and sightings.event_time >= claims.event_time
                and sightings.source in ('kubernetes_audit', 'kubernetes_events', 'loki', 'opentelemetry')
        ) as covered_at,
        min(greatest(claims.known_at, sightings.known_at)) filter (where sightings.pod = claims.pod) as seen_at
    from claims
    join sightings
        on sightings.incident_id = claims.incident_id
        and sightings.namespace is not distinct from claims.namespace
    group by all
),
claimed as (
    select
        incident_id,
        source,
        'claimed_object_unseen' as gap,
        concat_ws('/', namespace, pod) as subject,
        'it names the pod ' || concat_ws('/', namespace, pod)
            || ', and the logs of that namespace went on without it: nobody else saw it' as detail,
        min(covered_at) as known_at,
        count(*) as gap_count,
        min_by(record_sha256, (covered_at, event_id)) as record_sha256,
        min_by(pointer, (covered_at, event_id)) as pointer
    from unseen
    -- What is seen later does not undo that it had been looked for in vain.
    where covered_at is not null and coalesce(seen_at > covered_at, true)
    group by incident_id, source, namespace, pod
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
    from skewed
    union all by name
    from claimed
    union all by name
    from absent
)
