-- Hits of the plain rules that correlations refer to.
select matches.rule, units.unit, units.incident_id, units.event_time, units.known_at
from matches
join units using (unit)
where matches.rule in (select unnest($rules))
order by matches.rule, units.unit
