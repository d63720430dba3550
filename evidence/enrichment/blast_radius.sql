-- enrichment.blast_radius: what is reached at the last state, nearest affected entry first.
select
    incident_id,
    service,
    hops::integer as hops,
    case when hops > 0 then via end as via,
    criticality,
    criticality = 'customer_facing' as is_customer_facing,
    known_at
from reached_services
