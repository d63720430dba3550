-- One row per word by which sources may call a catalogue entry: its role, the word in lower case, the entry.
-- A word that names several entries with the same right names none of them: a guess would act on the wrong one.
with claims as (
    select 'service' as role, name as word, entity_ref, 1 as priority
    from intake.services where kind = 'component'
    union all
    select 'service', kubernetes_id, entity_ref, 2 from intake.services where kind = 'component'
    union all
    select 'service', title, entity_ref, 3 from intake.services where kind = 'component'
    union all
    select 'workload', kubernetes_namespace || '/' || coalesce(kubernetes_id, name), entity_ref, 1
    from intake.services where kind = 'component'
    union all
    select 'workload', kubernetes_namespace || '/' || canary_workload, entity_ref, 1
    from intake.services where kind = 'component'
    union all
    select 'application', argocd_app, entity_ref, 1 from intake.services where kind = 'component'
    union all
    select 'repository', github_slug, entity_ref, 1 from intake.services where kind = 'component'
    union all
    select 'paged', pagerduty_service, entity_ref, 1 from intake.services where kind = 'component'
    union all
    -- Principals, access keys, buckets and databases: by their cloud name, else by their catalogue name.
    select 'cloud', cloud_uid, entity_ref, 1 from intake.services
    where coalesce(type, '') not in ('aws-account', 'kubernetes-cluster')
    union all
    select 'cloud', name, entity_ref, 2 from intake.services
    where kind in ('resource', 'user') and coalesce(type, '') not in ('aws-account', 'kubernetes-cluster')
    union all
    select 'cluster', name, entity_ref, 1 from intake.services where type = 'kubernetes-cluster'
    union all
    select 'cluster', cloud_uid, entity_ref, 2 from intake.services where type = 'kubernetes-cluster'
    union all
    select 'account', cloud_uid, entity_ref, 1 from intake.services where type = 'aws-account'
),
best as (
    select role, lower(word) as word, min(priority) as priority
    from claims where word is not null and word <> ''
    group by role, lower(word)
)
select best.role, best.word, min(claims.entity_ref) as entity_ref
from best
join claims
    on claims.role = best.role and lower(claims.word) = best.word and claims.priority = best.priority
group by best.role, best.word
having count(distinct claims.entity_ref) = 1
order by best.role, best.word
