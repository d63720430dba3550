-- One row per incident, state column and moment at which another catalogue entry begins to answer for the column.
with named as (
    select
        incident_id,
        known_at,
        component_ref,
        case when has_service then component_ref when has_entity then entity_ref end as subject_ref,
        case
            when has_service then component_ref
            -- A person or credential without an owner of its own belongs to its account's owner.
            when has_entity and entity_owner is not null then entity_ref
            else account_ref
        end as owner_ref,
        nullif(environment_ref, '') as environment_ref,
        credential_entry,
        coalesce(case when has_principal then principal_ref end, credential_entry) as identity_ref
    from evidence_states
),
turned as (
    select *
    from named
    qualify (component_ref, subject_ref, owner_ref, environment_ref, credential_entry, identity_ref)
        is distinct from lag(
            (component_ref, subject_ref, owner_ref, environment_ref, credential_entry, identity_ref)
        ) over (partition by incident_id order by known_at)
)
select turned.incident_id, turned.known_at, entry.column_name, entry.entity_ref
from turned
cross join lateral (
    values
        ('owner', owner_ref),
        ('criticality', subject_ref),
        ('is_rollback_supported', subject_ref),
        ('is_restart_safe', subject_ref),
        ('is_quarantine_allowed', subject_ref),
        ('is_stateful', subject_ref),
        ('is_customer_data_touched', subject_ref),
        ('blast_radius', subject_ref),
        ('customer_facing_count', subject_ref),
        ('impact', subject_ref),
        ('release_service_count', component_ref),
        ('workload', component_ref),
        ('namespace', component_ref),
        ('environment', environment_ref),
        ('consumer_count', credential_entry),
        ('are_consumers_tested', credential_entry),
        ('is_emergency_access', identity_ref)
) as entry (column_name, entity_ref)
where entry.entity_ref is not null
