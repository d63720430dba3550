-- One row per incident, moment, action and policy where the verdicts differ.
with moments as (
    select
        *,
        lead(known_at, 1, 9223372036854775807) over (partition by incident_id order by moment) as next_at
    from kernel_states
),

keyed as (
    select
        moments.incident_id,
        moments.moment,
        moments.known_at,
        moments.next_at,
        old.policy_key,
        old.also_bits,
        old.has_context,
        old.effective as old_effective,
        new.effective as new_effective,
        old.effective & old.confident & old.prepared as old_decisive,
        new.effective & new.confident & new.prepared as new_decisive
    from moments
    join kernel_masks_0 as old using ($key)
    join kernel_masks_1 as new using ($key)
    join kernel_horizons as horizons using (incident_id)
    where moments.known_at <= horizons.horizon_at
)

select
    keyed.incident_id,
    differing.action,
    differing.policy,
    differing.old,
    differing.new,
    differing.all_old,
    differing.all_new,
    differing.policy_key,
    differing.also_bits,
    keyed.known_at,
    keyed.has_context and (
        (keyed.old_decisive >> differing.old_place) & 1 = 1
        or (keyed.new_decisive >> differing.new_place) & 1 = 1
    ) as is_decisive,
    (keyed.old_effective >> differing.old_place) & 1 = 1
        or (keyed.new_effective >> differing.new_place) & 1 = 1 as is_proposed,
    records.baseline_at >= keyed.known_at and records.baseline_at < keyed.next_at as is_at_baseline_decision,
    records.candidate_at >= keyed.known_at and records.candidate_at < keyed.next_at as is_at_candidate_decision
from keyed
join differing_verdicts as differing using (policy_key, also_bits)
join record_times as records using (incident_id)
order by keyed.incident_id, differing.action, differing.policy, keyed.moment
