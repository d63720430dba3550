"""Owns what a report reads: the rows of one week out of the published tables, by SQL in sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from evidence import kpis
from evidence.report.weeks import Week

Row = Mapping[str, Any]

SPREADS = ("kpis.weekly_mttd", "kpis.weekly_mttr", "kpis.weekly_dwell_time")
DECISIONS = "decision.decisions"

_SQL = {path.stem: path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("*.sql"))}
_STEPS = ("macros", "known", "sides", "arrivals", "spans", "cells")

# The rows of the report's own week as published, whatever their dimensions are called.
_PUBLISHED = """
select
    kpi,
    case
        when service <> 'all' then 'service'
        when severity <> 'all' then 'severity'
        when environment <> 'all' then 'environment'
        when incident_type <> 'all' then 'incident_type'
        else 'all'
    end as dimension,
    case
        when service <> 'all' then service
        when severity <> 'all' then severity
        when environment <> 'all' then environment
        else incident_type
    end as label,
    * exclude (kpi, service, severity, environment, incident_type)
from (
    select 'kpis.weekly_mttd' as kpi, 'all' as incident_type, *
    from kpis.weekly_mttd
    where (service <> 'all')::integer + (severity <> 'all')::integer + (environment <> 'all')::integer < 2
    union all by name
    select 'kpis.weekly_mttr' as kpi, 'all' as service, 'all' as severity, 'all' as environment, *
    from kpis.weekly_mttr
    union all by name
    select 'kpis.weekly_dwell_time' as kpi, 'all' as service, 'all' as severity, 'all' as environment, *
    from kpis.weekly_dwell_time
)
where week between (select first_week from report_period) and (select week from report_period)
order by kpi, dimension, label, week
"""
_IN_WEEK = "week = (select week from report_period)"
_IN_TREND = "week between (select first_week from report_period) and (select week from report_period)"
# Of an incident of which only a row of a table is known no arrival is recorded, but its own times.
_RECORDS_END = """
select max(known_at) as known_at
from (
    select max(known_at) as known_at from intake.evidence_events
    union all
    select max(window_end) from kpi_incidents where is_record_only
)
"""
_QUERIES = {
    "published": _PUBLISHED,
    "points": "select kpi, week, service, severity, environment, incident_type, incident_id, span_ns"
    " from report_spans where standing = 'measured' and scope <> 'known' order by all",
    "spans": "select scope, kpi, incident_id, standing, span_ns from report_spans"
    " where scope <> 'before' order by all",
    "coverage": f"from kpis.weekly_coverage where {_IN_TREND} order by week",
    "outcomes": f"from kpis.weekly_outcomes where {_IN_TREND} order by week, outcome",
    "recommended": "select incident.incident_id, incident.week, incident.is_active, incident.mode,"
    " incident.has_minimum_context, decision.approvers"
    " from kpi_incidents as incident left join decision.decisions as decision using (incident_id)"
    f" where incident.{_IN_TREND} and not incident.is_record_only order by incident_id",
    "sides": "from report_sides order by side, incident_id",
    "reviews": f"from kpis.quality_review where {_IN_WEEK} order by incident_id",
    "lessons": f"from kpis.learning where {_IN_WEEK} order by incident_id",
    "incidents": _SQL["named"],
    "records": _SQL["records"],
    "gaps": _SQL["gaps"],
    "quarantine": _SQL["quarantine"],
    "late": _SQL["late"],
    "disputes": _SQL["disputes"],
    "records_end": _RECORDS_END,
    "playbooks": "select distinct runs.playbook from replay.runs as runs"
    " join replay.ablations as ablations on ablations.bundle_digest = runs.bundle_digest order by 1",
}


@dataclass(frozen=True)
class Read:
    """What was read for one week: rows by the name of their query."""

    week: Week
    rows: Mapping[str, list[dict[str, Any]]]

    def __getitem__(self, name: str) -> list[dict[str, Any]]:
        return self.rows[name]


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make in the connection what the reports of all weeks are read from; it holds INPUTS as views.

    What is left in it is named `kpi_*` and `report_*`.
    """
    kpis.prepare(connection)
    kpis.prepare_reviews(connection)
    kpis.prepare_links(connection)
    connection.execute(_SQL["first_arrivals"]).fetchall()


def read(connection: duckdb.DuckDBPyConnection, week: Week) -> Read:
    """Everything that the report of the week is made from; the connection is prepared."""
    connection.execute(
        "create or replace temp table report_period as"
        " select ?::varchar as week, ?::varchar as first_week, ?::bigint as cut",
        [week.name, week.trend[0], week.cut],
    ).fetchall()
    for step in _STEPS:
        connection.execute(_SQL[step]).fetchall()
    rows = {name: _rows(connection, query) for name, query in _QUERIES.items()}
    figures = kpis.figures(connection, "report_cells").to_pylist()
    rows["figures"] = sorted(
        figures, key=lambda row: (row["scope"], row["kpi"], row["dimension"], row["label"])
    )
    return Read(week, rows)


def last_weeks(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """The last ISO week in which an incident counts, if there is any."""
    return kpis.weeks(connection)[-1:]


def fingerprints(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """What is recorded of each ISO week in which an incident counts, as one digest, by week in order."""
    kpis.prepare(connection)
    return {row["week"]: row["fingerprint"] for row in _rows(connection, _SQL["fingerprints"])}


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = connection.sql(query).to_arrow_table().to_pylist()
    return rows
