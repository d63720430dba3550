-- One row per source address and catalogue entry that declares its known networks: is the address new to it?
-- IPv4 by integer arithmetic; an address that is not IPv4, or a network that cannot be read, gives no verdict.
with seen as (
    select distinct events.src_ip, services.entity_ref, services.known_networks
    from intake.evidence_events as events
    join intake.services as services on services.known_networks is not null and services.known_networks <> ''
    where events.src_ip is not null
),
networks as (
    select src_ip, entity_ref, trim(unnest(string_split(known_networks, ','))) as network from seen
),
compared as (
    select
        src_ip,
        entity_ref,
        ipv4(src_ip) as address,
        ipv4(split_part(network, '/', 1)) as base,
        case
            when not contains(network, '/') then 32
            else try_cast(split_part(network, '/', 2) as integer)
        end as prefix,
        contains(network, ':') as is_ipv6
    from networks
    where network <> ''
)
select
    src_ip,
    entity_ref,
    case
        when bool_or(coalesce((address >> (32 - prefix)) = (base >> (32 - prefix)), false)) then false
        when bool_and(is_ipv6 or (base is not null and prefix is not null)) then true
    end as is_network_new
from (
    select * replace (case when prefix between 0 and 32 then prefix end as prefix)
    from compared
    where address is not null
)
group by src_ip, entity_ref
order by src_ip, entity_ref
