-- One row per incident and evidence moment: the running columns joined to what they point at.
-- A fact of the first signals counts from the moment it was known (`… <= known_at`), never before.
with source_lists as (
    select mask, list(source order by source) as sources
    from (select source_mask as mask from grid union select signal_source_mask from grid) as masks,
        (from (values
            ('alertmanager'), ('argo_events'), ('argocd'), ('aws_cloudtrail'), ('event_envelope'), ('falco'),
            ('flux'), ('github'), ('kubernetes_audit'), ('kubernetes_events'), ('loki'), ('ocsf'), ('opa'),
            ('opentelemetry'), ('pagerduty'), ('prometheus'), ('slack'), ('stackstorm'), ('tempo'), ('terraform')
        ) as names (source)) as names
    where mask & source_bit(source) <> 0
    group by mask
),
shared_releases as (
    -- How many components a release of this one carries along: by its release train, or its application.
    select
        services.entity_ref,
        count(distinct others.entity_ref)::integer as service_count
    from intake.services as services
    join intake.services as others
        on others.kind = 'component'
        and (
            others.entity_ref = services.entity_ref
            or others.release = services.release
            or others.argocd_app = services.argocd_app
        )
    where services.kind = 'component'
    group by services.entity_ref
),
consumers as (
    select edges.to_ref as entity_ref, count(*)::integer as consumer_count
    from intake.dependencies as edges
    join intake.services as services on services.entity_ref = edges.from_ref and services.kind = 'component'
    group by edges.to_ref
),
doubtful_clocks as (
    -- The sources whose clock is known to be in doubt at each moment.
    select grid.incident_id, grid.known_at, bit_or(source_bit(gaps.source)) as source_mask
    from grid
    join quality.completeness as gaps
        on gaps.incident_id = grid.incident_id and gaps.known_at <= grid.known_at
    where grid.is_moment and gaps.gap = 'clock_skewed'
    group by grid.incident_id, grid.known_at
),
dated as (
    select
        grid.*,
        anchors.* exclude (incident_id),
        places.* exclude (incident_id),
        coalesce(anchors.first_signal_at <= grid.known_at, false) as has_signal,
        coalesce(anchors.service_since <= grid.known_at, false) as has_service,
        coalesce(anchors.entity_since <= grid.known_at, false) as has_entity,
        coalesce(anchors.node_since <= grid.known_at, false) as has_node,
        coalesce(anchors.node_subject_since <= grid.known_at, false) as is_node_incident,
        coalesce(anchors.principal_since <= grid.known_at, false) as has_principal,
        coalesce(anchors.actor_since <= grid.known_at, false) as has_actor,
        coalesce(anchors.credential_since <= grid.known_at, false) as has_credential,
        coalesce(anchors.workload_since <= grid.known_at, false)
            and (not coalesce(anchors.service_since <= grid.known_at, false)
                or anchors.workload_service in (anchors.service, '')) as has_workload
    from grid
    left join anchors using (incident_id)
    left join places using (incident_id)
    where grid.is_moment
),
joined as (
    select
        dated.*,
        components.kubernetes_id as catalogued_workload,
        components.kubernetes_namespace as catalogued_namespace,
        components.is_stateful as is_component_stateful,
        -- The affected component speaks for itself; without one, the entry that the first signal is about does.
        case when has_service then components.owner else coalesce(entries.owner, accounts.owner) end as owner,
        case when has_service then components.criticality else entries.criticality end as criticality,
        case when has_service then components.is_rollback_supported else entries.is_rollback_supported end
            as is_rollback_supported,
        case when has_service then components.is_restart_safe else entries.is_restart_safe end as is_restart_safe,
        case when has_service then components.is_quarantine_allowed else entries.is_quarantine_allowed end
            as is_quarantine_allowed,
        case when has_service then components.is_stateful else entries.is_stateful end as is_entry_stateful,
        components.entity_ref as component_ref,
        entries.owner as entity_owner,
        components.environment as component_environment,
        principals.is_emergency_access as is_principal_emergency,
        credentials.is_emergency_access as is_credential_emergency,
        credentials.are_consumers_tested,
        credentials.entity_ref as credential_entry,
        coalesce(consumers.consumer_count, 0) as consumer_count,
        shared_releases.service_count as release_service_count,
        changes.event_id as change_event,
        changes.source as change_source,
        changes.revision as change_revision,
        changes.previous_revision as change_previous_revision,
        changes.branch as change_branch,
        changes.commit_sha as change_commit,
        changes.sync_status as change_sync_status,
        changes.initiator as change_initiator,
        changes.is_auto_sync as is_change_auto_sync,
        changes.is_cloud as is_cloud_change,
        changes.change_at,
        changes.change_to_symptom_seconds,
        coalesce(
            doubtful_clocks.source_mask
                & (dated.signal_source_mask | coalesce(source_bit(changes.source), 0)) <> 0,
            false
        ) as is_order_doubtful,
        name_lists.signal_names,
        hot_dependencies.hot_dependency,
        signal_lists.sources as signal_sources,
        all_lists.sources as sources
    from dated
    left join intake.services as components
        on dated.has_service and components.entity_ref = dated.service_ref
    left join intake.services as entries on dated.has_entity and entries.entity_ref = dated.entity_ref
    left join intake.services as accounts
        on dated.account_since <= dated.known_at and accounts.entity_ref = dated.account_ref
    left join intake.services as principals
        on dated.has_principal and principals.entity_ref = dated.principal_ref
    left join intake.services as credentials
        on dated.has_credential and credentials.entity_ref
            = coalesce(dated.credential_ref, case when dated.has_principal then dated.principal_ref end)
    left join consumers on consumers.entity_ref = credentials.entity_ref
    left join shared_releases on shared_releases.entity_ref = components.entity_ref
    left join incident_changes as changes
        on changes.incident_id = dated.incident_id and changes.change_rank = dated.change_rank
    left join doubtful_clocks
        on doubtful_clocks.incident_id = dated.incident_id and doubtful_clocks.known_at = dated.known_at
    left join name_lists
        on name_lists.incident_id = dated.incident_id and name_lists.known_at = dated.names_version
    left join hot_dependencies
        on hot_dependencies.incident_id = dated.incident_id and hot_dependencies.known_at = dated.hot_version
    left join source_lists as signal_lists on signal_lists.mask = dated.signal_source_mask
    left join source_lists as all_lists on all_lists.mask = dated.source_mask
)
select
    *,
    nullif(workload_kind, '') as first_workload_kind
from joined
