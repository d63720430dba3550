-- Both decisions of every incident as numbers of what was decided, what those numbers mean, and the labels.
create or replace temp table comparison_words (
    word integer,
    option varchar,
    action varchar,
    mode varchar,
    approvers varchar[],
    preferred_action varchar
);
create or replace temp table comparison_decisions (
    incident_id varchar,
    baseline_word integer,
    candidate_word integer,
    baseline_decided_at bigint,
    candidate_decided_at bigint,
    is_decision_changed boolean,
    is_path_changed boolean,
    parted_at bigint
);
create or replace temp table comparison_labels as
select incident_id, label_expected_option as expected_option
from intake.incidents
where label_expected_option is not null
order by incident_id
