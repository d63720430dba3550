-- Which value passes which atom. Every distinct value is tested once, however many records hold it.
select field_values.value, text_tests.atom
from text_tests
join field_values on field_values.field = text_tests.field and field_values.folded = text_tests.text
where text_tests.shape = 'equals' and not text_tests.is_cased

union

select field_values.value, text_tests.atom
from text_tests
join field_values on field_values.field = text_tests.field and field_values.text = text_tests.text
where text_tests.shape = 'equals' and text_tests.is_cased

union

select field_values.value, text_tests.atom
from text_tests
join field_values
    on field_values.field = text_tests.field
    and case text_tests.shape
        when 'starts' then starts_with(if(is_cased, field_values.text, folded), text_tests.text)
        when 'ends' then ends_with(if(is_cased, field_values.text, folded), text_tests.text)
        else contains(if(is_cased, field_values.text, folded), text_tests.text)
    end
where text_tests.shape <> 'equals'

union

select field_values.value, number_tests.atom
from number_tests
join field_values
    on field_values.field = number_tests.field
    and case number_tests.operator
        when '=' then whole = number and not has_fraction
        when '<' then whole < number
        when '<=' then whole < number or (whole = number and not has_fraction)
        when '>' then whole > number or (whole = number and has_fraction)
        else whole >= number
    end
where number_tests.part = ''

union

select field_values.value, number_tests.atom
from number_tests
join (
    select
        value,
        field,
        unnest(['minute', 'hour', 'day', 'week', 'month', 'year']) as part,
        unnest([
            date_part('minute', make_timestamp_ns(time)),
            date_part('hour', make_timestamp_ns(time)),
            date_part('day', make_timestamp_ns(time)),
            date_part('week', make_timestamp_ns(time)),
            date_part('month', make_timestamp_ns(time)),
            date_part('year', make_timestamp_ns(time))
        ]) as shown
    from field_values
    where time is not null
) as field_values
    on field_values.field = number_tests.field
    and field_values.part = number_tests.part
    and case number_tests.operator
        when '=' then shown = number
        when '<' then shown < number
        when '<=' then shown <= number
        when '>' then shown > number
        else shown >= number
    end

union

-- Addresses of a version begin with its number, and order as texts.
select field_values.value, network_tests.atom
from network_tests
join field_values
    on field_values.field = network_tests.field
    and field_values.address between network_tests.low and network_tests.high

union

select field_values.value, presence_tests.atom
from presence_tests
join field_values
    on field_values.field = presence_tests.field
    and (presence_tests.presence = 'any' or field_values.kind = 'null')
