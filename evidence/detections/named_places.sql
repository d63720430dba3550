-- Places that any hit names.
select *
from places
where place in (select unnest(hit_places) from correlation_hits)
    or unit in (select matches.unit from matches join rule_ids using (rule))
order by place
