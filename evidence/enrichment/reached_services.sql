-- One row per incident and component that is affected or depends on an affected entry, and since when.
-- `affected_since` is NULL for one that only depends; `via` is the nearest affected component or entry.
select
    affected.incident_id,
    dependants.service,
    dependants.entity_ref,
    dependants.criticality,
    min(affected.known_at) as known_at,
    min(affected.known_at) filter (where dependants.hops = 0) as affected_since,
    min(dependants.hops) as hops,
    arg_min(
        coalesce(roots.name, affected.entity_ref), (dependants.hops, affected.known_at, affected.entity_ref)
    ) as via
from affected_entries as affected
join dependants on dependants.root_ref = affected.entity_ref
left join intake.services as roots on roots.entity_ref = affected.entity_ref
group by affected.incident_id, dependants.service, dependants.entity_ref, dependants.criticality
