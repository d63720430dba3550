-- One row per side, incident detected in the week and refused record, which is known as soon as its file is.
with refused as (
    select
        incident_id,
        subject as file_sha256,
        min(known_at) as known_at
    from quality.completeness
    where gap = 'records_quarantined'
    group by incident_id, subject
)

select
    sides.side,
    quarantine.incident_id,
    quarantine.reason
from intake.quarantine as quarantine
join intake.incidents as incidents on incidents.incident_id = quarantine.incident_id
cross join report_period as period
join report_sides as sides
    on sides.incident_id = quarantine.incident_id and sides.week = period.week and not sides.is_record_only
left join refused
    on refused.incident_id = quarantine.incident_id and refused.file_sha256 = quarantine.file_sha256
where sides.side = 'now' or coalesce(refused.known_at, incidents.window_end) < period.cut
order by all
