-- What there is of every field that a rule reads, per format; a field that no record holds counts zero.
select
    wanted.format,
    wanted.name as field,
    count(distinct held.unit) as unit_count,
    count(distinct held.unit) filter (held.kind = 'scalar') as text_count,
    count(distinct held.unit) filter (held.kind = 'object') as object_count,
    count(distinct held.unit) filter (held.kind = 'null') as null_count
from wanted
left join (
    select units.format, occurrences.unit, field_values.field, field_values.kind
    from occurrences
    join field_values using (value)
    join units using (unit)
) as held on held.format = wanted.format and held.field = wanted.field
group by wanted.format, wanted.name
order by wanted.format, wanted.name
