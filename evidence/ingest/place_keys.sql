-- One row per place and entity that it names. Records that share a key may belong together.
-- `is_weak`: it joins what is about the entity itself, but ties no two records to each other by itself (the node
-- that a pod ran on, a name that another source uses without its namespace or cluster).
-- `is_loose`: says only roughly where; used where a place names nothing better.
-- `is_thread`: one thing of which several records tell at different times: it ties them whatever lies between.
-- `key`: the number of the entity, in the order of their names.
create or replace temp table place_keys as
with named as (
    select
        * replace (coalesce(nullif(regexp_extract(workload, '^(.+)-\d{8}$', 1), ''), workload) as workload),
        -- A CronJob's jobs are named after it and the minute, and their pods after the job.
        coalesce(
            nullif(regexp_extract(workload, '^(.+)-\d{8}$', 1), ''),
            workload,
            nullif(regexp_extract(pod, '^(.+)-\d{8}-[a-z0-9]{5}$', 1), ''),
            case when pod is null and namespace is not null then service_name end
        ) as runs
    from places
),
candidates as (
    select named.place_id, services.name
    from named
    join services on named.application = services.argocd_app
    union
    select named.place_id, services.name from named join services on named.repository = services.github_slug
        where named.application is null
    union
    select named.place_id, services.name
    from named
    join services
        on named.namespace = services.kubernetes_namespace and named.runs = coalesce(services.kubernetes_id, services.name)
    union
    select named.place_id, services.name from named join services on named.service_name = services.name
        where named.namespace is null or named.namespace = coalesce(services.kubernetes_namespace, named.namespace)
),
catalogued as (
    -- A name that several entries answer to names none of them.
    select place_id, min(name) as name from candidates group by place_id having count(distinct name) = 1
),
strong as (
    select place_id, 'service' as kind, name as entity, false as is_weak from catalogued
    union all
    select place_id, 'workload', concat_ws('/', cluster, namespace, runs), false
    from named
    where runs is not null
    union all
    select place_id, 'pod', concat_ws('/', cluster, namespace, pod), false from named
    where pod is not null and runs is null
    union all
    select place_id, 'name', service_name, false from named where service_name is not null and namespace is null
    union all
    select place_id, 'application', application, false from named where application is not null
    union all
    select place_id, 'workload', concat_ws('/', namespace, application), false from named
    where application is not null and namespace is not null
    union all
    select place_id, 'repository', repository, application is not null from named where repository is not null
    union all
    select place_id, 'node', concat_ws('/', cluster, node), coalesce(runs, pod, service_name) is not null
    from named
    where node is not null
    union all
    select place_id, 'credential', credential_uid, false from named where credential_uid is not null
    union all
    select place_id, 'actor', concat_ws('/', coalesce(account_uid, cluster), actor), false
    from named
    where actor is not null and (account_uid is not null or (actor_kind = 'human' and cluster is not null))
    union all
    select place_id, 'account', account_uid, false from named where account_uid is not null
    -- What another source may leave out: the cluster, then the namespace; and the node's cluster.
    union all
    select place_id, 'workload', concat_ws('/', namespace, runs), true from named
    where runs is not null and cluster is not null and namespace is not null
    union all
    select place_id, 'name', runs, true from named where runs is not null
    union all
    select place_id, 'name', service_name, true from named where service_name is not null and namespace is not null
    -- Who is at fault by the word of who suffers: they belong together where the other speaks for itself.
    union all
    select place_id, 'name', upstream, true from named where upstream is not null
    union all
    select place_id, 'service', services.name, true from named join services on named.upstream = services.name
    -- Whose identity it is by the catalogue's word: its calls belong to that service's incident, if there is one.
    union all
    select named.place_id, 'service', identities.service, true
    from named
    join identities on identities.cloud_uid in (named.actor, named.credential_uid)
    union all
    select place_id, 'node', node, true from named where node is not null and cluster is not null
),
firm as (
    select place_id from strong where not is_weak group by place_id
),
loose as (
    select
        place_id,
        case when namespace is not null then 'namespace' when cluster is not null then 'cluster' else 'nothing' end
            as kind,
        concat_ws('/', cluster, namespace) as entity
    from named
    anti join firm using (place_id)
    where namespace is not null or cluster is not null or thread is null
),
threads as (
    select named.place_id, named.thread_kind as kind, named.thread as entity, firm.place_id is null as is_loose
    from named
    left join firm using (place_id)
    where named.thread is not null
)
select *, dense_rank() over (order by kind || ' ' || entity) as key
from (
    select place_id, kind, entity, bool_and(is_weak) as is_weak, false as is_loose, false as is_thread
    from strong
    group by place_id, kind, entity
    union all
    select place_id, kind, entity, false, true, false from loose
    union all
    select place_id, kind, entity, false, is_loose, true from threads
)
