-- One row per incident and change of the recommendation along its moments, for one bundle.
-- A recommendation changes when its code does: a code stands for one action, mode and set of approvers.
create or replace temp table kernel_recommendations as
with coded as (
    select
        incident_id,
        moment,
        known_at,
        code,
        known_at > horizon_at as is_hindsight,
        lag(code) over moments as code_before
    from bundle_codes
    join kernel_horizons using (incident_id)
    window moments as (partition by incident_id order by moment)
)
select
    incident_id,
    moment,
    known_at,
    code,
    is_hindsight
from coded
where code is distinct from code_before
order by incident_id, moment
