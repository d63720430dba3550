-- One row per event that a decision may see, with the catalogue entries that it concerns.
-- Left out: what responders did. That is every event marked as response, and every change or writing call at
-- or after the recorded remedial action. (Observations and reads go on: they show what the action met.)
-- Beside the primary path run a canary, which the catalogue names, and jobs of a component that is none itself.
-- What a canary's service-level signal means nobody can say: it names no path.
-- Order of right to name the component: the service's own name (an alert's pod label may be its exporter's),
-- the workload, the pod's generated name, the GitOps application, the repository. What a paging tool calls a
-- service is a group of people who are paged: whatever its name, it is the component only where the catalogue
-- annotates that one, and no other, with its id.
with visible_events as (
    select events.*
    from intake.evidence_events as events
    left join intake.incidents as incidents using (incident_id)
    where not events.is_response
        and not is_remedy(events.event_time, events.kind, events.activity, incidents.action_taken_at)
),
named as (
    select
        events.*,
        coalesce(
            by_service.entity_ref,
            by_workload.entity_ref,
            by_job.entity_ref,
            by_pod.entity_ref,
            by_application.entity_ref,
            by_repository.entity_ref,
            by_paged.entity_ref
        ) as component_ref,
        coalesce(job_names.workload, events.workload, pod_names.workload) as own_workload,
        clusters.entity_ref as cluster_ref,
        accounts.entity_ref as account_ref,
        actors.entity_ref as identity_ref,
        credentials.entity_ref as credential_ref,
        resources.entity_ref as resource_ref
    from visible_events as events
    left join pod_workloads as pod_names
        on pod_names.namespace is not distinct from events.namespace and pod_names.name = events.pod
    left join pod_workloads as job_names
        on job_names.namespace is not distinct from events.namespace
        and job_names.name = events.workload
        and events.workload_kind in ('Job', 'ReplicaSet', 'Pod')
    left join entity_keys as by_service
        on by_service.role = 'service' and by_service.word = lower(events.service_name)
        and events.source <> 'pagerduty'
    left join entity_keys as by_workload
        on by_workload.role = 'workload' and by_workload.word = lower(events.namespace || '/' || events.workload)
    left join entity_keys as by_job
        on by_job.role = 'workload' and by_job.word = lower(events.namespace || '/' || job_names.workload)
    left join entity_keys as by_pod
        on by_pod.role = 'workload' and by_pod.word = lower(events.namespace || '/' || pod_names.workload)
    left join entity_keys as by_application
        on by_application.role = 'application' and by_application.word = lower(events.application)
    left join entity_keys as by_repository
        on by_repository.role = 'repository' and by_repository.word = lower(events.repository)
    left join entity_keys as by_paged
        on by_paged.role = 'paged' and by_paged.word = lower(events.resource)
        and events.resource_kind = 'pagerduty_service'
    left join entity_keys as clusters on clusters.role = 'cluster' and clusters.word = lower(events.cluster)
    left join entity_keys as accounts on accounts.role = 'account' and accounts.word = lower(events.account_uid)
    left join cloud_names as actors on actors.name = events.actor
    left join cloud_names as credentials on credentials.name = events.credential_uid
    left join cloud_names as resources on resources.name = events.resource
)
select
    named.* exclude (environment, file_sha256, path, ordinal, byte_offset, byte_length, message, source_url),
    components.name as component,
    -- The catalogue's word: of the component, else of the cloud object, else of its cluster or account.
    environment_word(coalesce(
        components.environment,
        cloud_objects.environment,
        identities.environment,
        cluster_entries.environment,
        account_entries.environment
    )) as environment_catalogued,
    environment_word(named.environment) as environment_stated,
    case
        when components.entity_ref is null then null
        when lower(named.own_workload) = lower(components.canary_workload) then 'canary'
        when components.type = 'cronjob' or named.workload_kind in ('CronJob', 'Job') then 'batch'
        when components.canary_workload is null
            or lower(named.own_workload) = lower(coalesce(components.kubernetes_id, components.name))
        then 'primary'
    end as deployment_path,
    coalesce(
        lower(named.own_workload) = lower(components.canary_workload)
            or (components.type <> 'cronjob' and named.workload_kind in ('CronJob', 'Job')),
        false
    ) as is_beside_path,
    -- The most specific entry that declares its networks speaks: credential, then identity, then account.
    case
        when credential_networks.entity_ref is not null then credential_networks.is_network_new
        when identity_networks.entity_ref is not null then identity_networks.is_network_new
        else account_networks.is_network_new
    end as is_network_new
from named
left join intake.services as components on components.entity_ref = named.component_ref
left join intake.services as cloud_objects
    on cloud_objects.entity_ref = coalesce(named.resource_ref, named.credential_ref)
left join intake.services as identities on identities.entity_ref = named.identity_ref
left join intake.services as cluster_entries on cluster_entries.entity_ref = named.cluster_ref
left join intake.services as account_entries on account_entries.entity_ref = named.account_ref
left join network_verdicts as credential_networks
    on credential_networks.src_ip = named.src_ip and credential_networks.entity_ref = named.credential_ref
left join network_verdicts as identity_networks
    on identity_networks.src_ip = named.src_ip and identity_networks.entity_ref = named.identity_ref
left join network_verdicts as account_networks
    on account_networks.src_ip = named.src_ip and account_networks.entity_ref = named.account_ref
