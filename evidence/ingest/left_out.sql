-- The lines of ingest-gaps.jsonl: one for each record that could not be read, of several reasons the least, and
-- one for each gap that a record declares. What can be read by now is no longer among them, and a source that is
-- known stands for one that is not.
with gathered as (
    select * from read_parquet(?)
),
readable as (
    select sha256 from settled where reason = ''
),
refused as (
    select * from gathered where gap = 'records_quarantined' and sha256 not in (select sha256 from readable)
),
attributed as (
    select sha256 from refused where source <> ''
)
select
    gap,
    source,
    min(subject) as subject,
    '' as detail,
    '' as pointer,
    min("begin") as "begin",
    max("end") as "end",
    min(received) as received,
    lower(hex(sha256)) as sha256
from refused
where source <> '' or sha256 not in (select sha256 from attributed)
group by gap, source, refused.sha256
union all
select gap, source, subject, detail, pointer, null, null, min(received), lower(hex(sha256))
from gathered
where gap <> 'records_quarantined'
group by gap, source, subject, detail, pointer, gathered.sha256
order by all
