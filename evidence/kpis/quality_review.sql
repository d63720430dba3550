select
    incident_id,
    week,
    kpi_answer(label_signal_high_confidence) as was_signal_high_confidence,
    kpi_answer(label_enrichment_narrowed) as did_enrichment_narrow,
    kpi_answer(label_least_risky_effective) as was_least_risky_effective,
    kpi_answer(label_responder_understood) as did_responder_understand,
    coalesce(label_expected_option, 'unlabelled') as expected_option,
    recommended_option,
    case
        when label_expected_option is null then 'unlabelled'
        when label_expected_option = recommended_option then 'agrees'
        else 'differs'
    end as agreement,
    label_by as labelled_by,
    label_at as labelled_at
from kpi_incidents
where not is_record_only
order by incident_id
