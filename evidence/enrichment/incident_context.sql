-- enrichment.incident_context: the last state of each incident, with the type it turned out to be.
select states.*, incidents.incident_type
from graded_states as states
join intake.incidents as incidents using (incident_id)
where states.moment = (
    select max(last.moment) from graded_states as last where last.incident_id = states.incident_id
)
