-- One row per incident and moment at which a signal of a new name arrives: the sorted names so far.
with names as (
    select incident_id, value, min(known_at) as known_at
    from sightings
    where thing in ('name', 'relayed_name')
    group by incident_id, value
)
select
    moments.incident_id,
    moments.known_at,
    list(names.value order by names.value) as signal_names
from (select distinct incident_id, known_at from names) as moments
join names
    on names.incident_id = moments.incident_id and names.known_at <= moments.known_at
group by moments.incident_id, moments.known_at
