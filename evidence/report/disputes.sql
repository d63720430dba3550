-- One row per incident of the week, question at which the reviewers are at odds, and reviewer: the latest answer.
select
    answers.incident_id,
    answers.question,
    answers.reviewed_by,
    answers.reviewed_at,
    answers.answer
from kpi_latest_answers as answers
join kpis.quality_review as review on review.incident_id = answers.incident_id and review.is_disputed
join report_period as period on period.week = review.week
qualify
    min(answers.answer) over (partition by answers.incident_id, answers.question)
    <> max(answers.answer) over (partition by answers.incident_id, answers.question)
order by answers.incident_id, answers.question, answers.reviewed_at, answers.reviewed_by
