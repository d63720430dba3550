-- intake.incidents of every variant: what people recorded of an incident holds for each of its variants.
select
    variants.variant_id as incident_id,
    incidents.* exclude (incident_id)
from variants
join recorded.incidents as incidents using (incident_id)
