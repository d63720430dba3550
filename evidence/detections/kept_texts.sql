-- Of one batch the texts that correlations group by or count, in the units that their rules hit.
insert into kept_texts
select distinct occurrences.unit, field_values.field, field_values.text
from occurrences
join field_values using (value)
where field_values.kind = 'scalar'
    and field_values.field in (select unnest($fields))
    and occurrences.unit in (select unit from batch_matches where rule in (select unnest($rules)))
