-- The records that lost against what only incidents that go have held: nothing is left that they contradict.
create or replace temp table lost as
with held_by_others as (
    select distinct identity from identities anti join gone using (incident_id)
),
held_by_gone as (
    select distinct identity from identities semi join gone using (incident_id)
)
select distinct conflicts.sha256
from conflicts
semi join held_by_gone using (identity)
anti join held_by_others using (identity)
