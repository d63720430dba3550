-- One row per incident (of all, or only the one asked for): later moments feed hindsight only. least() skips what was never recorded.
create or replace temp table kernel_horizons as
select
    incident_id,
    least(action_taken_at, mitigated_at, window_end) as horizon_at
from intake.incidents
where coalesce(incident_id = $only_incident, true)
