-- enrichment.state_evidence: which event or catalogue entry supports a column's value, where that changes.
-- Only columns that have a value at that moment are supported; an event speaks before the catalogue. Three things
-- can change the answer (a value comes or goes, an event, an entry); only their moments are looked at.
with event_turns as (
    select
        incident_id,
        column_name,
        known_at,
        -- Of the greatest weight the first to arrive.
        max((weight, -known_at, event_id)) as support
    from event_supports
    where event_id is not null and known_at is not null and column_name is not null and weight is not null
    group by incident_id, column_name, known_at
),
turns as (
    select incident_id, column_name, known_at, is_present, null as support, null::text as entity_ref
    from presence_turns
    union all
    select incident_id, column_name, known_at, null, support, null from event_turns
    union all
    select incident_id, column_name, known_at, null, null, entity_ref from catalogue_supports
),
moments as (
    select
        incident_id,
        column_name,
        known_at,
        max(is_present) as is_present,
        max(support) as support,
        max(entity_ref) as entity_ref
    from turns
    group by incident_id, column_name, known_at
),
standing as (
    select
        incident_id,
        column_name,
        known_at,
        last_value(is_present ignore nulls) over so_far as is_present,
        struct_extract(max(support) over so_far, 3) as event_id,
        last_value(entity_ref ignore nulls) over so_far as entity_ref
    from moments
    window so_far as (
        partition by incident_id, column_name order by known_at
        range between unbounded preceding and current row
    )
),
supported as (
    select
        incident_id,
        column_name,
        known_at,
        event_id,
        case when event_id is null then entity_ref end as entity_ref
    from standing
    where is_present and coalesce(event_id, entity_ref) is not null
    qualify (event_id, case when event_id is null then entity_ref end) is distinct from lag(
        (event_id, case when event_id is null then entity_ref end)
    ) over (partition by incident_id, column_name order by known_at)
)
select supported.incident_id, column_name, states.moment, event_id, entity_ref
from supported
join graded_states as states using (incident_id, known_at)
