-- One row per change that may explain an incident: on the affected service (for a cloud identity or store: on
-- that identity or store), at most the look-back before the first symptom and not after it.
-- `change_rank` is their order in time within the incident, commits first, because they may not run; where two
-- tools state one time, the GitOps controller, which did it, comes last and so is the one that counts. A notice of
-- a revision adds nothing to a history that already tells of it and of the revision before.
with touching as (
    select
        changes.*,
        anchors.first_symptom_at,
        case
            when changes.is_cloud
            then greatest(
                changes.known_at,
                anchors.principal_since,
                case
                    when changes.entity_ref = anchors.principal_ref then null
                    when changes.cloud_object = anchors.principal then null
                    else anchors.cloud_resource_since
                end
            )
            else greatest(changes.known_at, anchors.service_since)
        end as visible_at
    from change_events as changes
    join anchors
        on anchors.incident_id = changes.incident_id
        and (
            (not changes.is_cloud and changes.service = anchors.service)
            or (
                changes.is_cloud
                and anchors.principal is not null
                and (
                    changes.cloud_object = anchors.cloud_resource
                    or changes.entity_ref = anchors.principal_ref
                    or changes.cloud_object = anchors.principal
                )
            )
        )
    where not changes.is_observation
),
histories as (
    select incident_id, service, revision, min(visible_at) as told_at
    from touching
    where previous_revision is not null and revision is not null
    group by incident_id, service, revision
)
select
    touching.* exclude (first_symptom_at),
    (first_symptom_at - change_at) // 1000000000 as change_to_symptom_seconds,
    row_number() over (
        partition by incident_id
        order by not is_commit, change_at, source in ('argocd', 'flux'), event_id
    ) as change_rank
from touching
left join histories using (incident_id, service, revision)
where not coalesce(previous_revision is null and histories.told_at <= visible_at, false)
    and change_at <= first_symptom_at and change_at >= first_symptom_at - $lookback_ns
