-- Of one batch what there is of every field that a rule reads, per format.
insert into fields_seen
select
    units.format,
    field_values.field,
    count(distinct unit) as unit_count,
    count(distinct unit) filter (field_values.kind = 'scalar') as text_count,
    count(distinct unit) filter (field_values.kind = 'object') as object_count,
    count(distinct unit) filter (field_values.kind = 'null') as null_count
from occurrences
join field_values using (value)
join units using (unit)
group by units.format, field_values.field
