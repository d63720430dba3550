-- Hits of one plain rule that a correlation refers to, in order.
select place, incident_id, event_time, known_at
from matches
join places using (unit)
where rule = $rule
order by place
