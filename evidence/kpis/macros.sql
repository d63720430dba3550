-- Whole numbers only: a figure that decides nothing must still be the same on every machine.

-- Quotient of two integers, rounded half up; numerator not negative, denominator positive.
create or replace temp macro kpi_half_up(numerator, denominator) as
    cast(
        (2 * cast(numerator as hugeint) + denominator) // (2 * cast(denominator as hugeint)) as bigint
    );

-- Days since 1970-01-01 in UTC, rounded down also before 1970 (// rounds towards zero).
create or replace temp macro kpi_day(at_ns) as
    (at_ns - ((at_ns % 86400000000000) + 86400000000000) % 86400000000000) // 86400000000000;

-- The Thursday of an ISO week lies in the year that the week belongs to; 1970-01-01 was a Thursday.
create or replace temp macro kpi_thursday(day) as
    date '1970-01-01' + cast(day - (((day + 3) % 7) + 7) % 7 + 3 as integer);

create or replace temp macro kpi_week_of_thursday(thursday) as
    printf('%04d-W%02d', year(thursday), (dayofyear(thursday) - 1) // 7 + 1);

-- ISO week of a time in nanoseconds since 1970 UTC, e.g. 2026-W01.
create or replace temp macro kpi_iso_week(at_ns) as kpi_week_of_thursday(kpi_thursday(kpi_day(at_ns)));

-- Every incident stands in exactly one of three ways towards a time from begin to end.
create or replace temp macro kpi_standing(begin_at, end_at) as
    case
        when end_at is null then 'open'
        when begin_at is null or begin_at > end_at then 'excluded'
        else 'measured'
    end;

-- The words 'all' and 'unknown' are ours; a catalogue entry of that name keeps its kind in front.
create or replace temp macro kpi_label(name) as
    case
        when name is null then 'unknown'
        when name in ('all', 'unknown') then 'component:' || name
        else name
    end;

-- Whether an action is the one that a reviewer holds right. One who names the option alone rules the actions
-- of all others out, and says of none that it was right.
create or replace temp macro kpi_is_right(action, option, expected_option, expected_action) as
    case
        when expected_action is not null then action = expected_action
        when option <> expected_option then false
    end;

create or replace temp macro kpi_answer(label) as
    case label
        when true then 'yes'
        when false then 'no'
        else 'unlabelled'
    end;

-- A cell of times: how many incidents stand in each of the three ways, and the measured times in order.
create or replace temp macro kpi_counted_times(standing, span_ns) as
    struct_pack(
        n := count(*) filter (where standing = 'measured'),
        open_count := count(*) filter (where standing = 'open'),
        excluded_count := count(*) filter (where standing = 'excluded'),
        spans_ns := list(span_ns order by span_ns) filter (where standing = 'measured'),
        total_ns := sum(span_ns) filter (where standing = 'measured')
    );
