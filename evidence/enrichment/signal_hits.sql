-- One row per signal: what a tool itself reports, what the watch list reads out of calls and verdicts, and what
-- a rule of the playbook hits. A rule adds nothing where the tool has a signal of that name on the event itself.
-- A denied policy decision that the watch list knows goes by the watch list's name, else by the policy's own.
with watch_levels as (
    from (values
        ('access-key-created-for-other', 4),
        ('bulk-read-of-customer-data', 4),
        ('console-login-without-mfa', 4),
        ('credential-used-from-new-network', 4),
        ('exec-into-pod', 3),
        ('image-policy-violated', 4),
        ('instance-credential-outside-cloud', 5),
        ('logging-disabled', 5),
        ('network-policy-denied', 3),
        ('public-exposure-opened', 4),
        ('secret-rotation-failed', 4)
    ) as levels (signal_name, level)
),
customer_reads as (
    -- The moment at which one actor's reads of one marked bucket reach the count, and no later one.
    select events.incident_id, events.event_id
    from resolved_events as events
    join intake.services as buckets on buckets.entity_ref = events.resource_ref and buckets.handles_customer_data
    where events.kind = 'api_call' and events.name = 'GetObject' and is_success(events.status)
    qualify row_number() over (
        partition by events.incident_id, events.resource_ref, events.actor
        order by events.known_at, events.event_time, events.event_id
    ) = $bulk_read_count
),
watched as (
    select
        incident_id,
        event_id,
        unnest([
            case when is_call and is_public_exposure and is_success(status) then 'public-exposure-opened' end,
            case
                when is_call and name = 'ConsoleLogin' and is_success(status) and is_mfa = false
                then 'console-login-without-mfa'
            end,
            case
                when is_call and source = 'aws_cloudtrail' and is_network_new
                then 'credential-used-from-new-network'
            end,
            case
                -- Pipelines run outside the cloud by nature; every other workload's credential belongs inside.
                when is_call and is_network_new and actor_kind = 'workload' and credential_kind = 'temporary'
                    and source = 'aws_cloudtrail'
                    and not exists (
                        from intake.dependencies as edges
                        join intake.services as pipelines
                            on pipelines.entity_ref = edges.from_ref and pipelines.type = 'pipeline'
                        where edges.to_ref in (events.identity_ref, events.credential_ref)
                    )
                then 'instance-credential-outside-cloud'
            end,
            case
                when is_call and name = 'CreateAccessKey' and is_success(status)
                    and regexp_extract(resource, '([^/:]+)$', 1) <> regexp_extract(actor, '([^/:]+)$', 1)
                then 'access-key-created-for-other'
            end,
            case
                when is_call and is_success(status)
                    and name in (
                        'DeleteDetector', 'DeleteFlowLogs', 'DeleteTrail', 'StopConfigurationRecorder', 'StopLogging'
                    )
                then 'logging-disabled'
            end,
            -- Secrets Manager's own words: of the four steps of a rotation not all were done, or none will be.
            case
                when is_call and name in ('RotationAbandoned', 'RotationFailed') then 'secret-rotation-failed'
            end,
            case
                when source = 'kubernetes_audit' and regexp_matches(name, '^(create|get) pods/(exec|attach)$')
                    and is_success(status)
                then 'exec-into-pod'
            end,
            case
                when kind = 'policy' and activity = 'denied' and lower(resource_kind) like 'networkpolic%'
                then 'network-policy-denied'
            end,
            case
                when is_image_flagged and kind in ('policy', 'lifecycle', 'detection')
                then 'image-policy-violated'
            end
        ]) as signal_name
    from (select *, kind = 'api_call' as is_call from resolved_events) as events
    union all
    select incident_id, event_id, 'bulk-read-of-customer-data' from customer_reads
),
watch_hits as (
    select incident_id, event_id, signal_name, 'watch' as rule_origin from watched where signal_name is not null
),
own_hits as (
    select incident_id, event_id, name as signal_name, 'source' as rule_origin
    from resolved_events as events
    where events.kind in ('alert', 'detection')
    union all
    select incident_id, event_id, name, 'source'
    from resolved_events as events
    anti join watch_hits using (incident_id, event_id)
    -- A denied request met a guardrail that held; a violation stands in what is there already.
    where events.kind = 'policy' and events.activity in ('denied', 'violated')
),
hits as (
    from watch_hits
    union by name
    from own_hits
    union by name
    select incident_id, event_id, signal_name, 'rule' as rule_origin, rule_id, rule_level, attack_tags, is_correlation,
        event_ids
    from rule_hits
    anti join (from watch_hits union by name from own_hits) using (incident_id, event_id, signal_name)
)
select
    hits.incident_id,
    hits.event_id,
    hits.signal_name,
    hits.rule_origin,
    hits.rule_id,
    coalesce(hits.attack_tags, []) as attack_tags,
    coalesce(hits.event_ids, [hits.event_id]) as event_ids,
    events.* exclude (incident_id, event_id),
    -- A denial states no severity: it counts as medium unless the watch list says more.
    case
        when hits.rule_origin = 'rule' then hits.rule_level
        when events.kind = 'policy' then coalesce(events.severity_id, watch_levels.level, 3)
        when hits.rule_origin = 'watch' then watch_levels.level
        else events.severity_id
    end as level,
    -- An alert tells of an effect, whatever a rule makes of it.
    events.kind = 'alert' and hits.rule_origin <> 'rule' as is_symptom,
    events.kind = 'alert' and coalesce(events.activity, '') = 'resolved' and not coalesce(is_correlation, false)
        as is_clearing,
    -- Of somebody's doing: a finding or watched call, or a rule that names a technique of ATT&CK.
    case
        when hits.rule_origin = 'rule' then len(hits.attack_tags) > 0
        else events.kind in ('detection', 'api_call') and not is_fault_signal(hits.signal_name)
    end as is_attack,
    is_relay(source) and case when hits.rule_origin = 'rule' then len(hits.attack_tags) > 0 else kind = 'detection' end
        as is_relayed_attack,
    -- What the signal is about: for an opened or read store that store, else the service, else the identity.
    case
        when hits.signal_name in ('public-exposure-opened', 'bulk-read-of-customer-data')
        then coalesce(events.resource_ref, events.component_ref, events.credential_ref, events.identity_ref)
        else coalesce(events.component_ref, events.credential_ref, events.identity_ref, events.resource_ref)
    end as entity_ref
from hits
join resolved_events as events using (incident_id, event_id)
left join watch_levels using (signal_name)
