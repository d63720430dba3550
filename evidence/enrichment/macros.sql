-- Small words that the enrichment statements share. Each takes and gives plain integers, texts or booleans.

-- The bit of a yes/no fact in a packed state: one window over one integer instead of one window per fact.
create or replace temp macro flag(name) as
    1::bigint << (list_position([
        'network_new', 'network_known', 'mfa', 'no_mfa', 'cloud_trail_read', 'image_flagged', 'image_passed',
        'policy_denied', 'policy_allowed', 'approval_present', 'approval_absent', 'customer_data',
        'no_customer_data', 'customer_data_unknown', 'node_stateful', 'node_stateless', 'node_state_unknown',
        'route_seen', 'upstream_seen', 'change_covered', 'attack', 'relayed_attack', 'alert', 'node_fault', 'resource_fault', 'alert_stated',
        'exposure_stated', 'entity_affected', 'place_named', 'path_primary', 'path_canary', 'path_batch',
        'path_unstated', 'rotation_failed', 'node_rotated', 'nodes_watched'
    ], name) - 1)::integer;

-- The flag's bit where the condition is known to be true, else nothing.
create or replace temp macro flag_if(condition, name) as case when condition then flag(name) else 0 end;

create or replace temp macro has_flag(flags, name) as (flags & flag(name)) <> 0;

-- Three values from two bits: yes wins, then no; unknown when neither was ever stated.
create or replace temp macro yes_no(flags, yes, no) as
    case when has_flag(flags, yes) then true when has_flag(flags, no) then false end;

-- The bit of a source within a mask of sources, in the order of their names.
create or replace temp macro source_bit(source) as
    1 << (list_position([
        'alertmanager', 'argo_events', 'argocd', 'aws_cloudtrail', 'event_envelope', 'falco', 'flux', 'github',
        'kubernetes_audit', 'kubernetes_events', 'loki', 'ocsf', 'opa', 'opentelemetry', 'pagerduty',
        'prometheus', 'slack', 'stackstorm', 'tempo', 'terraform'
    ], source) - 1)::integer;

-- Tools that pass on what another tool found: they are heard, but corroborate nothing.
create or replace temp macro is_relay(source) as
    source in ('argo_events', 'event_envelope', 'pagerduty', 'stackstorm');

create or replace temp macro relay_mask() as
    source_bit('argo_events') | source_bit('event_envelope') | source_bit('pagerduty') | source_bit('stackstorm');

-- The source whose scale of severity, and whose trust, counts: an envelope's for what an automation passes on,
-- the watch list's for tools that have none of their own.
create or replace temp macro scale_of(source) as
    case
        when source in ('alertmanager', 'event_envelope', 'falco', 'opa', 'pagerduty') then source
        when source in ('argo_events', 'stackstorm') then 'event_envelope'
        else 'watch'
    end;

-- An IPv4 address as an integer; NULL for anything else (IPv6, host names, service names).
create or replace temp macro ipv4(address) as
    case
        when regexp_full_match(address, '(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}')
        then split_part(address, '.', 1)::bigint * 16777216 + split_part(address, '.', 2)::bigint * 65536
            + split_part(address, '.', 3)::bigint * 256 + split_part(address, '.', 4)::bigint
    end;

-- The environments that sources write, in our four words; NULL for any other word.
create or replace temp macro environment_word(statement) as
    case
        when lower(statement) in ('production', 'prod', 'prd', 'live') then 'production'
        when lower(statement) in ('staging', 'stage', 'stg', 'preprod') then 'staging'
        when lower(statement) in ('test', 'testing', 'qa', 'uat') then 'test'
        when lower(statement) in ('development', 'dev', 'sandbox') then 'development'
    end;

-- A call that went through; sources that state no result went through.
create or replace temp macro is_success(status) as
    coalesce(lower(status) in ('success', 'succeeded', 'ok') or regexp_full_match(status, '[123]\d\d'), true);

-- Events of a node's life cycle that say that it is at fault, or taken out of service.
create or replace temp macro is_node_fault(name) as
    regexp_matches(name, '^(NodeNotReady|NodeNotSchedulable|Rebooted)$');

-- Events that say that a pod or node is out of a resource. A node under pressure was put under it by what runs there.
create or replace temp macro is_resource_fault(name) as
    regexp_matches(
        name,
        '^(EvictionThresholdMet|Evicted|FailedScheduling|Node.*Pressure|NodeHasInsufficient.*|OOMKill.*|SystemOOM)$'
    );

-- Signals about a fault of their own (a flagged image, a rotation that failed), and not about somebody's doing.
create or replace temp macro is_fault_signal(signal_name) as
    signal_name in ('image-policy-violated', 'secret-rotation-failed');

-- A change or writing call at or after the recorded remedial action: what responders did.
create or replace temp macro is_remedy(event_time, kind, activity, action_taken_at) as
    coalesce(
        event_time >= action_taken_at
        and (
            (kind = 'change' and coalesce(activity, '') <> 'observed')
            or (kind = 'api_call' and coalesce(activity, '') not in ('read', 'get', 'list', 'watch'))
        ),
        false
    );
