-- Hits of plain rules, with the texts of the fields that correlations ask for.
select
    matches.rule,
    units.unit,
    units.incident_id,
    units.event_time,
    units.known_at,
    coalesce(texts.named, []) as named
from matches
join units using (unit)
left join (
    select occurrences.unit, list({'field': field, 'text': text} order by field, text) as named
    from (select distinct unit, value from occurrences) as occurrences
    join field_values using (value)
    where field_values.kind = 'scalar' and field_values.field in (select unnest($fields))
    group by occurrences.unit
) as texts using (unit)
where matches.rule in (select unnest($rules))
order by matches.rule, units.unit
