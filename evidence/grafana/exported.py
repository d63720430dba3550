"""Owns which tables are exported: each column's name, PostgreSQL type and meaning."""

from __future__ import annotations

from dataclasses import dataclass

from expectations.contracts import Column, ColumnType, TableContract
from expectations.tables import TABLES
from expectations.tables.kpis import LINK_COLUMNS

SCHEMA = "evidence_kpis"
_TYPES = {
    ColumnType.TEXT: "text",
    ColumnType.INTEGER: "integer",
    ColumnType.BIGINT: "bigint",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.TEXTS: "text[]",
}
# The links of the weekly rows are those of their incidents, which the table of incidents holds once.
_LISTED_LINKS = frozenset(f"{name}s" for name in LINK_COLUMNS)


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """One column; a `timestamptz` is given in nanoseconds since 1970 and cut to microseconds."""

    name: str
    type: str
    doc: str
    is_nullable: bool = False

    @property
    def is_time(self) -> bool:
        """Whether it is a point in time, as Grafana wants one."""
        return self.type == "timestamptz"


@dataclass(frozen=True, slots=True)
class ExportTable:
    """One table of the schema; `key` is unique and orders the rows."""

    name: str
    doc: str
    columns: tuple[ExportColumn, ...]
    key: tuple[str, ...]


WEEK_AT = ExportColumn("week_at", "timestamptz", "Monday 00:00 UTC with which the week begins.")


def _text(name: str, doc: str, is_nullable: bool = False) -> ExportColumn:
    return ExportColumn(name, "text", doc, is_nullable)


def _column(column: Column) -> ExportColumn:
    return ExportColumn(column.name, _TYPES[column.type], column.doc, column.is_nullable)


def _published(contract: TableContract) -> ExportTable:
    """A KPI table as it is published, without the lists of links, and with the begin of its week."""
    columns = [_column(column) for column in contract.columns if column.name not in _LISTED_LINKS]
    if (
        place := contract.column_names.index("week") if "week" in contract.column_names else None
    ) is not None:
        columns.insert(place + 1, WEEK_AT)
    return ExportTable(contract.table, contract.doc, tuple(columns), contract.key)


KPI_TABLES = tuple(_published(contract) for name, contract in TABLES.items() if name.startswith("kpis."))
INCIDENTS = ExportTable(
    "incidents",
    "One row per incident that counts in any KPI, with its links.",
    (
        _text("incident_id", "Incident."),
        _text("title", "One line; secrets are taken out, invisible characters shown."),
        _text("incident_type", "Type on which the record settled."),
        _text("service", "Service, or 'unknown'."),
        _text("severity", "Severity in words (OCSF), or 'unknown'."),
        _text("environment", "Environment, or 'unknown'."),
        _text("week", "ISO week of detection; of the begin when no detection is recorded."),
        ExportColumn("counted_at", "timestamptz", "Detection; the begin when no detection is recorded."),
        _text("outcome", "As recorded, or 'unrecorded'."),
        ExportColumn(
            "is_decided", "boolean", "Whether there is a decision; not of one known from a table alone."
        ),
        _text("recommended_option", "Option recommended, or 'none'."),
        _text("recommended_action", "Action recommended, or 'none'."),
        _text("mode", "Approval mode: automatic, policy_gated or approval_required.", is_nullable=True),
        ExportColumn("approvers", "text[]", "Roles that must approve."),
        ExportColumn("has_minimum_context", "boolean", "Whether the minimum context was complete."),
        ExportColumn("missing_context", "text[]", "What of it was missing."),
        *(
            _text(name, f"Link to {what}; NULL where not known.", is_nullable=True)
            for name, what in LINK_COLUMNS.items()
        ),
        _text("row_path", "Path in Grafana to the incident's row in the dashboard."),
    ),
    ("incident_id",),
)
INCIDENT_TIMES = ExportTable(
    "incident_times",
    "One row per incident and time: the points behind the weekly figures.",
    (
        _text("measure", "time_to_detect, time_to_resolve, dwell_time or time_to_decision."),
        _text("incident_id", "Incident."),
        _text("week", "ISO week in which this time counts."),
        _text("standing", "measured, open (no end recorded) or excluded (begin unknown, or after the end)."),
        ExportColumn("ended_at", "timestamptz", "End of the time; the detection or begin while it is open."),
        ExportColumn(
            "seconds", "bigint", "The time, rounded half up; NULL unless measured.", is_nullable=True
        ),
    ),
    ("measure", "incident_id"),
)
INCIDENT_GAPS = ExportTable(
    "incident_gaps",
    "One row per incident and what is lacking of its evidence.",
    (
        _text("incident_id", "Incident."),
        _text("kind", "known gap, record quarantined or minimum context missing."),
        _text("source", "Tool; empty where it is of none."),
        _text("what", "The gap, the reason or the field."),
        ExportColumn("gap_count", "bigint", "How often."),
    ),
    ("incident_id", "kind", "source", "what"),
)
OUR_TABLES = (INCIDENTS, INCIDENT_TIMES, INCIDENT_GAPS)
EXPORTED = (*KPI_TABLES, *OUR_TABLES)
