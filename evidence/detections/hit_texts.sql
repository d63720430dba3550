-- Texts of the fields that a correlation groups by or counts, in the units that one of its rules hits.
select distinct places.place, kept_texts.field, kept_texts.text
from kept_texts
join places using (unit)
where kept_texts.field in (select unnest($fields))
    and unit in (select unit from matches where rule = $rule)
order by places.place, kept_texts.field, kept_texts.text
