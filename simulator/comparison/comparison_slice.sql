-- Adds the incidents of one slice: slice_decisions (bundle 0 and 1) and slice_partings, as the replay gives them.
insert into comparison_words
select
    (select count(*) from comparison_words)
        + row_number() over (order by option, action, mode, approvers, preferred_action),
    *
from (
    select option, action, mode, approvers, preferred_action from slice_decisions
    except
    select option, action, mode, approvers, preferred_action from comparison_words
);
insert into comparison_decisions
with worded as (
    select decisions.bundle, decisions.incident_id, decisions.decided_at, words.word
    from slice_decisions as decisions
    join comparison_words as words
        on decisions.option = words.option
        and decisions.action = words.action
        and decisions.mode = words.mode
        and decisions.approvers = words.approvers
        and decisions.preferred_action is not distinct from words.preferred_action
)
select
    incident_id,
    baseline.word,
    candidate.word,
    baseline.decided_at,
    candidate.decided_at,
    partings.is_decision_changed,
    partings.is_path_changed,
    partings.parted_at
from (from worded where bundle = 0) as baseline
join (from worded where bundle = 1) as candidate using (incident_id)
join slice_partings as partings using (incident_id)
order by incident_id
