-- Which value holds one pattern: bound as a constant, so that it is compiled once.
select value, cast($atom as integer) as atom
from field_values
where field = $field and regexp_matches(if($is_folded, folded, text), $pattern)
