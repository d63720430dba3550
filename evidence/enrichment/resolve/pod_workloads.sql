-- One row per namespace and generated name (a pod, or a Job made by a CronJob): the workload it belongs to.
-- Rule: Kubernetes appends to the workload's name `-<hash>-<5>` (Deployment, CronJob), `-<5>` (Job,
-- DaemonSet), `-<ordinal>` (StatefulSet, CronJob's Job). The first of these that leaves a workload of the
-- catalogue in that namespace wins; else the first that fits; a name that fits none is its own workload.
with generated as (
    select namespace, pod as name from intake.evidence_events where pod is not null
    union
    select namespace, workload from intake.evidence_events where workload_kind in ('Job', 'ReplicaSet', 'Pod')
),
stripped as (
    select namespace, name, 1 as place, regexp_extract(name, '^(.+)-[a-z0-9]{6,10}-[a-z0-9]{5}$', 1) as workload
    from generated
    union all
    select namespace, name, 2, regexp_extract(name, '^(.+)-[bcdfghjklmnpqrstvwxz2456789]{5}$', 1) from generated
    union all
    select namespace, name, 3, regexp_extract(name, '^(.+)-\d+$', 1) from generated
    union all
    select namespace, name, 4, regexp_extract(name, '^(.+)-[a-f0-9]{8,10}$', 1) from generated
    union all
    select namespace, name, 5, name from generated
)
select
    stripped.namespace,
    stripped.name,
    arg_min(
        stripped.workload,
        stripped.place + case when entity_keys.entity_ref is null then 10 else 0 end
    ) as workload
from stripped
left join entity_keys
    on entity_keys.role = 'workload'
    and entity_keys.word = lower(stripped.namespace || '/' || stripped.workload)
where stripped.workload is not null and stripped.workload <> ''
group by stripped.namespace, stripped.name
order by stripped.namespace, stripped.name
