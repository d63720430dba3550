-- One row per incident and what is lacking: known gaps, records refused, minimum context not there.
with gaps as (
    select incident_id, 'known gap' as kind, source, gap as what, gap_count
    from quality.completeness
    union all
    select incident_id, 'record quarantined', '', reason, 1
    from intake.quarantine
    union all
    select incident_id, 'minimum context missing', '', unnest(missing_context), 1
    from kpi_incidents
    where not is_record_only
)

select incident_id, kind, source, what, cast(sum(gap_count) as bigint) as gap_count
from gaps
group by incident_id, kind, source, what
order by incident_id, kind, source, what
