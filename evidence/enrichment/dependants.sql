-- One row per catalogue entry and component that depends on it, directly or not, with the fewest edges between.
-- An entry reaches itself with 0 edges. Each round adds only pairs that were not there, so that a cycle ends it.
with recursive reached(root_ref, entity_ref, hops) using key (root_ref, entity_ref) as (
    select entity_ref, entity_ref, 0 from intake.services
    union
    select reached.root_ref, edges.from_ref, min(reached.hops + 1)
    from reached
    join intake.dependencies as edges on edges.to_ref = reached.entity_ref
    anti join recurring.reached as known
        on known.root_ref = reached.root_ref and known.entity_ref = edges.from_ref
    group by reached.root_ref, edges.from_ref
)
select reached.root_ref, reached.entity_ref, services.name as service, services.criticality, reached.hops
from reached
join intake.services as services on services.entity_ref = reached.entity_ref and services.kind = 'component'
