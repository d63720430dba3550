-- Counter-based pseudo-randomness in integer arithmetic: 32-bit mixing (the constants are those of the
-- "lowbias32" finaliser). No product exceeds 63 bits, so that nothing depends on how overflow is handled.
create or replace temp macro mixed_1(x) as (xor(x, x >> 16) * 569420461) & 4294967295;
create or replace temp macro mixed_2(x) as (xor(x, x >> 15) * 1935289751) & 4294967295;
create or replace temp macro mixed_3(x) as xor(x, x >> 15);
-- One 32-bit number onto another, one to one.
create or replace temp macro spread32(x) as mixed_3(mixed_2(mixed_1(x & 4294967295)));
create or replace temp macro roll(h, salt) as spread32(h + salt * 2654435769);
create or replace temp macro pick(h, salt, n) as (roll(h, salt) % n)::integer;
create or replace temp macro chance(h, salt, permille) as roll(h, salt) % 1000 < permille;
-- Seconds until a piece arrives: within so many; a quarter of the pieces on the full minute, so that pieces
-- tie; one in sixteen late by half an hour to six hours.
create or replace temp macro arrival(h, salt, within) as
    pick(h, salt, within)
    - case when chance(h, salt + 1000, 250) then pick(h, salt, within) % 60 else 0 end
    + case when chance(h, salt + 2000, 62) then 1800 + pick(h, salt + 3000, 19800) else 0 end
;
-- Of pieces that arrive after so many seconds: 1 when one is there, its value when it is.
create or replace temp macro until(piece, t) as coalesce(piece <= t, false)::integer;
create or replace temp macro by_then(piece, t, value) as case when piece <= t then value end;
create or replace temp macro is_relay(source) as source in ('pagerduty', 'event_envelope');
create or replace temp macro highest(source, t1, l1, t2, l2, t3, l3, t4, l4) as greatest(
    case when t1 = source then l1 end,
    case when t2 = source then l2 end,
    case when t3 = source then l3 end,
    case when t4 = source then l4 end
)
