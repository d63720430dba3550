-- One row per record of a file of provenance, without the names of incidents that go: whether it stays, and whether
-- it is another than before.
create or replace temp table trimmed as
with named as (
    select
        *,
        string_split(incident_ids, ' ') as ids,
        list_filter(ids, lambda name: not list_contains(getvariable('gone'), name)) as left_ids
    from read_parquet(getvariable('provenance'))
),
marked as (
    select
        named.*,
        lost.sha256 is null and (ids is null or len(left_ids) > 0) as is_kept
    from named
    left join lost on lower(hex(lost.sha256)) = named.record_sha256
)
select
    * exclude (ids, left_ids) replace (array_to_string(left_ids, ' ') as incident_ids),
    not is_kept or (ids is not null and len(left_ids) < len(ids)) as is_changed
from marked
