-- One row per incident and moment at which a slow or failing call arrives: the upstream on which they concentrate.
-- Rule: of all calls so far that failed or took $slow_span_ms or longer, at least $hot_share_percent in a hundred,
-- and at least $hot_span_count, went to one upstream. (The share is above half, so that there is at most one.)
-- `event_id` is the latest of the calls to it.
with calls as (
    select
        events.incident_id,
        greatest(events.known_at, anchors.service_since) as known_at,
        coalesce(services.name, events.upstream) as upstream,
        events.event_id
    from resolved_events as events
    join anchors using (incident_id)
    left join entity_keys as upstream_keys
        on upstream_keys.role = 'service' and upstream_keys.word = lower(events.upstream)
    left join intake.services as services on services.entity_ref = upstream_keys.entity_ref
    where events.kind = 'trace' and events.upstream is not null and anchors.service is not null
        and (events.is_error or events.duration_ms >= $slow_span_ms)
),
arrivals as (
    select incident_id, known_at, upstream, count(*) as call_count, min(event_id) as event_id
    from calls
    group by incident_id, known_at, upstream
),
so_far as (
    select
        moments.incident_id,
        moments.known_at,
        arrivals.upstream,
        sum(arrivals.call_count)::bigint as call_count,
        arg_max(arrivals.event_id, arrivals.known_at) as event_id
    from (select distinct incident_id, known_at from arrivals) as moments
    join arrivals on arrivals.incident_id = moments.incident_id and arrivals.known_at <= moments.known_at
    group by moments.incident_id, moments.known_at, arrivals.upstream
),
shares as (
    select
        *,
        call_count >= $hot_span_count
            and call_count * 100 >= sum(call_count) over (partition by incident_id, known_at) * $hot_share_percent
            as is_hot
    from so_far
)
select
    incident_id,
    known_at,
    max(upstream) filter (where is_hot) as hot_dependency,
    max(event_id) filter (where is_hot) as event_id
from shares
group by incident_id, known_at
