-- One row per scope, time, dimension and its value: incidents by standing and the measured times in order.
create or replace temp table report_cells as
with places as (
    select
        spans.*,
        unnest([
            struct_pack(dimension := 'all', label := 'all'),
            struct_pack(dimension := 'service', label := service),
            struct_pack(dimension := 'severity', label := severity),
            struct_pack(dimension := 'environment', label := environment),
            struct_pack(dimension := 'incident_type', label := incident_type),
            struct_pack(dimension := 'mode', label := mode)
        ]) as place
    from report_spans as spans
)

select
    scope,
    kpi,
    place.dimension as dimension,
    place.label as label,
    kpi_counted_times(standing, span_ns) as times,
    list(incident_id order by incident_id) as incident_ids
from places
where place.label is not null
group by scope, kpi, place.dimension, place.label
