-- intake.declared_gaps of every variant: a dropped source declares nothing, a delayed one declares it later.
select
    variants.variant_id as incident_id,
    gaps.* exclude (incident_id) replace (
        case
            when coalesce(gaps.known_at > variants.after, true)
            then gaps.known_at + coalesce(alterations.delay_ns, 0)
            else gaps.known_at
        end as known_at
    )
from variants
join recorded.declared_gaps as gaps using (incident_id)
left join alterations
    on alterations.variant_id = variants.variant_id and alterations.source = gaps.source
where not (coalesce(alterations.is_dropped, false) and coalesce(gaps.known_at > variants.after, true))
