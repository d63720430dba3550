"""Owns the run of the quality stage: what evidence lacks, and which minimum context each incident has."""

from __future__ import annotations

from pathlib import Path

import duckdb

from evidence.tables import Tables, conform
from evidence.times import CLOCK_SKEW_SECONDS, NS_PER_SECOND
from expectations.minimum_context import MINIMUM_CONTEXT, ContextField

_COMPLETENESS = Path(__file__).parent / "completeness.sql"


def build_completeness(connection: duckdb.DuckDBPyConnection) -> Tables:
    """`quality.completeness`.

    Reads `intake.declared_gaps`, `intake.quarantine`, `intake.evidence_events` and `intake.incidents`.
    """
    statement = _COMPLETENESS.read_text(encoding="utf-8")
    bound = {"clock_skew_ns": CLOCK_SKEW_SECONDS * NS_PER_SECOND}
    gaps = connection.sql(statement, params=bound).to_arrow_table()
    return {"quality.completeness": conform("quality.completeness", gaps)}


def build_minimum_context(connection: duckdb.DuckDBPyConnection) -> Tables:
    """`quality.minimum_context`: the verdict on each field at the incident's last state, and since when.

    Reads `enrichment.incident_states`. `present_since` is the first moment of the unbroken run of
    moments, up to the last, at which the field was known.
    """
    fields = "\nunion all\n".join(_field_sql(field) for field in MINIMUM_CONTEXT)
    verdicts = connection.sql(fields).to_arrow_table()
    return {"quality.minimum_context": conform("quality.minimum_context", verdicts)}


def _field_sql(field: ContextField) -> str:
    """One verdict per incident; every name and condition comes from the declaration of the set."""
    value = f"coalesce({', '.join(f'{column}::text' for column in field.columns)})"
    return f"""
select
    incident_id,
    '{field.name}' as field,
    arg_max({field.present_when}, moment) as is_present,
    case
        when arg_max({field.present_when}, moment)
        then min(known_at) filter (where moment > last_absent)
    end as present_since,
    -- Wrapped, because arg_max would pass over a NULL to an older value.
    arg_max([{value}], moment)[1] as value
from (
    select
        *,
        coalesce(
            max(moment) filter (where not ({field.present_when})) over (partition by incident_id), 0
        ) as last_absent
    from enrichment.incident_states
)
group by incident_id"""
