-- One row per incident of which anything arrived: when the first of it did. The same for every week.
create or replace temp table report_first_arrivals as
select
    incident_id,
    min(known_at) as first_known_at
from intake.evidence_events
group by incident_id
