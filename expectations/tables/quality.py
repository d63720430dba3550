"""Contracts of the quality tables: minimum context, expectations and what the exports say they lack."""

from __future__ import annotations

from expectations.contracts import TableContract, bigint, boolean, integer, text, texts
from expectations.minimum_context import MINIMUM_CONTEXT

GAP_KINDS = (
    "change_history_at_limit",
    "change_source_missing",
    "claimed_object_unseen",
    "client_reported_field",
    "clock_skewed",
    "delivery_best_effort",
    "entries_equal_limit",
    "fields_masked",
    "metric_unmapped",
    "more_available",
    "partial_result",
    "records_quarantined",
    "records_truncated",
    "source_warning",
)

MINIMUM_CONTEXT_TABLE = TableContract(
    "quality.minimum_context",
    "One row per incident and field of the minimum context set, at the incident's last state.",
    (
        text("incident_id", "Incident."),
        text("field", "Field of the set.", allowed=tuple(field.name for field in MINIMUM_CONTEXT)),
        boolean("is_present", "Known at the last state."),
        bigint(
            "present_since",
            "Moment (known_at, ns UTC) from which it was known; NULL if never.",
            is_nullable=True,
        ),
        text("value", "The value at the last state, as text.", is_nullable=True),
    ),
    key=("incident_id", "field"),
    row_count_min=1,
    once="intake.incidents",
)

VALIDATION_RESULTS = TableContract(
    "quality.validation_results",
    "One row per table and expectation: whether it held and which keys failed it.",
    (
        text("table_name", "schema.table."),
        text("expectation", "Expectation's sentence-like name, e.g. every_incident_has_an_owner."),
        text("column_name", "Column concerned; empty for the whole table."),
        text("severity", "error blocks what is downstream; warning lists.", allowed=("error", "warning")),
        boolean("is_success", "Whether it held."),
        bigint("row_count", "Rows examined."),
        bigint("failing_count", "Rows that failed."),
        texts("failing_keys", "Keys of the failing rows, sorted; at most 100."),
    ),
    key=("table_name", "expectation", "column_name"),
    row_count_min=1,
)

COMPLETENESS = TableContract(
    "quality.completeness",
    "One row per incident and gap that an export declares or that reading it showed.",
    (
        text("incident_id", "Incident."),
        text("source", "Tool whose evidence is incomplete; empty when none of the kind is there."),
        text("gap", "Kind of gap.", allowed=GAP_KINDS),
        text("subject", "What it is about: a field, file content digest or object; part of the key."),
        text("detail", "One sentence for the responder."),
        bigint("known_at", "From when it counts; ns UTC."),
        integer("gap_count", "How many records or fields it concerns."),
        text("record_sha256", "Record that declares it; NULL when it is an absence.", is_nullable=True),
        text("pointer", "JSON Pointer within that record.", is_nullable=True),
    ),
    key=("incident_id", "source", "gap", "subject"),
)

TABLES = (MINIMUM_CONTEXT_TABLE, VALIDATION_RESULTS, COMPLETENESS)
