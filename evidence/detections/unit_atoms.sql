-- Which unit passes which atom, by its values or by two fields beside each other.
select occurrences.unit, value_atoms.atom
from occurrences
join value_atoms using (value)

union all

select here.unit, field_tests.atom
from field_tests
join field_values as left_values on left_values.field = field_tests.field
join occurrences as here on here.value = left_values.value
join occurrences as there on there.unit = here.unit
join field_values as right_values
    on right_values.value = there.value
    and right_values.field = field_tests.other
    and case field_tests.shape
        when 'equals' then left_values.folded = right_values.folded
        when 'starts' then starts_with(left_values.folded, right_values.folded)
        when 'ends' then ends_with(left_values.folded, right_values.folded)
        else contains(left_values.folded, right_values.folded)
    end
