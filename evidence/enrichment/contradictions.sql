-- One row per incident and moment at which the count of contradictions rises (+1) or falls (-1).
-- Two statements about one fact of one service that cannot both hold. The list is closed:
-- 1. its environment: more than one is stated;
-- 2. its revision: a signal states one that its change source, once known, does not know (any of its history);
-- 3. an alert on errors, or on latency, while the metric itself is in evidence and never rose above calm;
--    both on the primary path, or both beside it.
with environments as (
    select incident_id, component, environment, min(known_at) as known_at
    from (
        select incident_id, component, known_at, unnest([environment_catalogued, environment_stated]) as environment
        from resolved_events
        -- A change may go to another environment of the same service; that is no contradiction.
        where component is not null and kind <> 'change'
    ) as statements
    where environment is not null
    group by incident_id, component, environment
),
second_environments as (
    select incident_id, known_at, 1 as contradictions
    from environments
    qualify row_number() over (partition by incident_id, component order by known_at, environment) = 2
),
revisions as (
    select
        hits.incident_id,
        hits.event_id,
        hits.component,
        regexp_replace(hits.revision, '^git-sha-', '') as revision,
        hits.known_at
    from signal_hits as hits
    -- A rule states no revision of its own.
    where hits.component is not null and not hits.is_clearing and hits.rule_origin <> 'rule'
        and regexp_full_match(regexp_replace(hits.revision, '^git-sha-', ''), '[0-9a-f]{6,64}')
),
compared_revisions as (
    select
        revisions.incident_id,
        revisions.component,
        revisions.revision,
        min(greatest(revisions.known_at, changes.known_at)) as compared_at,
        min(greatest(revisions.known_at, changes.known_at)) filter (
            where starts_with(coalesce(changes.revision, ''), revisions.revision)
                or starts_with(coalesce(changes.commit_sha, ''), revisions.revision)
                or starts_with(revisions.revision, nullif(changes.revision, ''))
        ) as agreed_at
    from revisions
    join change_events as changes
        on changes.incident_id = revisions.incident_id and changes.service = revisions.component
        -- A chart's or an image's version is no commit: it cannot contradict one.
        and (changes.commit_sha is not null or regexp_full_match(changes.revision, '[0-9a-f]{6,64}'))
    group by revisions.incident_id, revisions.component, revisions.revision
),
alerts as (
    select
        incident_id,
        component,
        unnest([
            case when regexp_matches(signal_name, '(?i)error|5xx') then 'error_rate' end,
            case when regexp_matches(signal_name, '(?i)latency|slow|duration') then 'latency' end
        ]) as measure,
        is_beside_path,
        known_at
    from signal_hits
    where is_symptom and not is_clearing and component is not null
),
compared_alerts as (
    select
        alerts.incident_id,
        alerts.component,
        alerts.measure,
        min(greatest(alerts.known_at, metrics.known_at)) as compared_at,
        min(greatest(alerts.known_at, metrics.known_at)) filter (
            where metrics.measure_value
                >= case alerts.measure when 'error_rate' then $calm_error_rate_ppm else $calm_latency_ms end
        ) as agreed_at
    from alerts
    join resolved_events as metrics
        on metrics.incident_id = alerts.incident_id and metrics.component = alerts.component
        and metrics.kind = 'metric' and metrics.measure = alerts.measure and metrics.measure_value is not null
        and metrics.is_beside_path = alerts.is_beside_path
    where alerts.measure is not null
    group by alerts.incident_id, alerts.component, alerts.measure, alerts.is_beside_path
),
compared as (
    select incident_id, compared_at, agreed_at from compared_revisions
    union all
    select incident_id, compared_at, agreed_at from compared_alerts
)
from second_environments
union all
select incident_id, compared_at, 1 from compared where agreed_at is distinct from compared_at
union all
select incident_id, agreed_at, -1 from compared where agreed_at > compared_at
