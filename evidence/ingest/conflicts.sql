-- Of what lost against another record of its identity one row per bytes and place to tell of.
-- An incident held it as evidence, or it was unplaced, until a record of this ingest came: that is told once.
create or replace temp table displaced as
select settled.record_id, settled.file_id, settled.ordinal, settled.sha256, settled.reason, settled.detail, files.held_by
from settled
join files using (file_id)
anti join known_conflicts on known_conflicts.sha256 = settled.sha256
where files.held_by is not null and settled.reason = 'conflicting_identity'
qualify row_number() over (
    partition by settled.sha256, files.held_by order by settled.file_id, settled.ordinal
) = 1;

-- What this ingest knows to have lost, each bytes once: they are kept among what is refused.
create or replace temp table lost as
select
    records.identity,
    records.sha256,
    records.format,
    min(files.received_at) as received_at,
    min(records.record_id) as record_id
from settled
join records using (record_id)
join files on files.file_id = settled.file_id
where settled.reason = 'conflicting_identity' and records.reason = ''
group by records.identity, records.sha256, records.format;

-- What lost before and is a copy of what counts by now: it leaves what is refused.
create or replace temp table redeemed as
select distinct settled.sha256
from settled
semi join known_conflicts using (sha256)
where settled.kept_id is not null;

create or replace temp table next_known_conflicts as
select identity, sha256, format, received_at from lost
union all
from known_conflicts anti join redeemed using (sha256) anti join lost using (sha256);

-- Incidents that were not read keep their identities; of the others those of their records now.
create or replace temp table next_held_identities as
from held_identities
anti join (select distinct held_by as incident_id from files where held_by is not null) using (incident_id)
anti join (select incident_id from group_ids) using (incident_id)
union all
select distinct kept.identity, written.incident_id
from written
join kept on kept.record_id = written.kept_id
where written.incident_id <> '' and kept.identity is not null
