-- One row per incident and moment at which a signal, or a public exposure, opens (+1) or is over (-1).
-- Of what had arrived, the statement with the latest time of its own holds: a late report of an older firing
-- does not open again what is already known to be over. Stated at one time, being over wins.
-- A detection is never over by itself. Relays neither open nor close: their resolving is a responder's act.
with exposure_calls as (
    -- A bucket is open by its policy, its access list or the lack of a block; the block overrides both others.
    select
        *,
        unnest(case
            when name like 'Put%PublicAccessBlock' and not is_public_exposure then ['policy', 'acl', 'block']
            when name like '%PublicAccessBlock' then ['block']
            when name like '%BucketPolicy' then ['policy']
            when name like '%Acl' then ['acl']
            else ['access']
        end) as aspect
    from resolved_events
    where kind = 'api_call' and is_public_exposure is not null and resource is not null and is_success(status)
),
-- A statement is twice its time, and one more if it says that it is over; less 2^62, so that this fits 64 bits.
statements as (
    select
        incident_id,
        'signal' as family,
        concat_ws(
            '|', source, signal_name, component, service_name, namespace, own_workload, pod, node, resource
        ) as subject,
        (event_time - 4611686018427387904) * 2 + is_clearing::bigint as statement,
        known_at
    from signal_hits
    where not is_relay(source)
    union all
    select
        incident_id,
        'exposure',
        concat_ws('|', account_uid, resource, aspect),
        (event_time - 4611686018427387904) * 2 + (not is_public_exposure)::bigint,
        known_at
    from exposure_calls
),
arrivals as (
    select incident_id, family, subject, known_at, max(statement) as statement
    from statements
    group by incident_id, family, subject, known_at
),
standing as (
    select
        incident_id,
        family,
        subject,
        known_at,
        (max(statement) over (
            partition by incident_id, family, subject order by known_at
        ) % 2 = 0)::integer as is_open
    from arrivals
),
turns as (
    select
        incident_id,
        family,
        known_at,
        is_open - coalesce(
            lag(is_open) over (partition by incident_id, family, subject order by known_at), 0
        ) as change
    from standing
)
select
    incident_id,
    known_at,
    sum(case when family = 'signal' then change end)::bigint as signal_openings,
    sum(case when family = 'exposure' then change end)::bigint as exposure_openings,
    bit_or(flag_if(family = 'signal', 'alert_stated') | flag_if(family = 'exposure', 'exposure_stated')) as flags
from turns
group by incident_id, known_at
