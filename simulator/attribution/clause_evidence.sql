-- One row per incident, clause and column that it reads: the record behind the column's value when it was decided.
-- The support named last by then holds; what the catalogue supports has no moment of arrival.
with moments as (
    select read.*, max(states.moment) as moment
    from clause_reads as read
    join seen_states as states
        on states.incident_id = read.incident_id and states.known_at <= read.decided_at
    group by all
),

supports as (
    select
        moments.incident_id,
        moments.clause,
        moments.column_name,
        max(support.moment) as moment
    from moments
    join seen_supports as support
        on support.incident_id = moments.incident_id
        and support.column_name = moments.column_name
        and support.moment <= moments.moment
    group by all
)

select
    supports.incident_id,
    clause,
    column_name,
    coalesce(event.source, 'catalogue') as source,
    event.known_at,
    coalesce(event.path, entry.path) as path,
    coalesce(event.file_sha256, entry.file_sha256) as file_sha256,
    coalesce(event.ordinal, entry.ordinal) as ordinal,
    coalesce(event.byte_offset, entry.byte_offset) as byte_offset,
    coalesce(event.byte_length, entry.byte_length) as byte_length,
    coalesce(event.record_sha256, entry.record_sha256) as record_sha256,
    coalesce(event.pointer, '') as pointer
from supports
join seen_supports as support using (incident_id, column_name, moment)
left join intake.evidence_events as event
    on event.incident_id = support.incident_id and event.event_id = support.event_id
left join intake.services as entry on entry.entity_ref = support.entity_ref
where coalesce(event.path, entry.path) is not null
order by incident_id, clause, column_name
