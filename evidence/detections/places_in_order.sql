-- Units that are hit, numbered in the order of what is said of them.
select
    row_number() over (order by incident_id, event_time, path, ordinal, entry, format, unit) - 1 as place,
    *
from anchored
