-- One row: over all compared incidents, how many have a property before, now, gain it and lose it.
-- Each property is a list of (before, now, gained, lost); modes are places in MODES.
with properties as (
    select
        baseline_mode = 2 as approval_before,
        candidate_mode = 2 as approval_now,
        baseline_mode = 0 as automatic_before,
        candidate_mode = 0 as automatic_now,
        baseline_reach > 0 as active_before,
        candidate_reach > 0 as active_now,
        baseline_reach > 0 and baseline_mode = 0 as unattended_before,
        candidate_reach > 0 and candidate_mode = 0 as unattended_now,
        expected_option is not null as is_labelled,
        baseline_option = expected_option as right_before,
        candidate_option = expected_option as right_now,
        is_decision_changed,
        is_path_changed
    from comparison_classes
)

select
    count(*) as incident_count,
    count(*) filter (where is_decision_changed) as decision_count,
    count(*) filter (where is_path_changed and not is_decision_changed) as path_count,
    count(*) filter (where is_labelled) as labelled_count,
    [
        count(*) filter (where approval_before),
        count(*) filter (where approval_now),
        count(*) filter (where approval_now and not approval_before),
        count(*) filter (where approval_before and not approval_now)
    ] as approval_required,
    [
        count(*) filter (where automatic_before),
        count(*) filter (where automatic_now),
        count(*) filter (where automatic_now and not automatic_before),
        count(*) filter (where automatic_before and not automatic_now)
    ] as automatic,
    [
        count(*) filter (where active_before),
        count(*) filter (where active_now),
        count(*) filter (where active_now and not active_before),
        count(*) filter (where active_before and not active_now)
    ] as active,
    [
        count(*) filter (where unattended_before),
        count(*) filter (where unattended_now),
        count(*) filter (where unattended_now and not unattended_before),
        count(*) filter (where unattended_before and not unattended_now)
    ] as unattended,
    [
        count(*) filter (where right_before),
        count(*) filter (where right_now),
        count(*) filter (where right_now and not right_before),
        count(*) filter (where right_before and not right_now)
    ] as labelled_right
from properties
