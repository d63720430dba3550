"""Owns the queries of the panels: SQL for PostgreSQL with Grafana's macros and variables.

Each file of `panels/` is a query; a comment such as `/* filters */` stands for a part that several share.
"""

from __future__ import annotations

from pathlib import Path

VARIABLES = {
    "service": ("Service", "service"),
    "severity": ("Severity", "severity"),
    "environment": ("Environment", "environment"),
    "type": ("Type", "incident_type"),
}
"""Name of a variable in the dashboard: its label, and the column of the incidents that it chooses from."""

INCIDENT_LINKS = {
    "incident system": "incident_url",
    "logs": "logs_url",
    "traces": "traces_url",
    "changes": "changes_url",
    "audit trail": "audit_url",
}
"""Column of a panel: the link column of `evidence_kpis.incidents` that it shows."""

# Grafana writes a chosen value in quotes, those within it doubled, with commas between several.
_FILTERS = "\n".join(
    f"and evidence_kpis.choice(i.{column}) in (${{{name}:sqlstring}})"
    for name, (_, column) in VARIABLES.items()
)
_ROW = 'evidence_kpis.choice(i.incident_id) as "row"'
_LINKS = ",\n".join(
    [f'i.{column} as "{name}"' for name, column in INCIDENT_LINKS.items()]
    + ['i.handoff_path as "handoff"', _ROW]
)
# A point offers all of its links; one that is not known leads to the incident's row, which says so.
_POINT_LINKS = ",\n".join(
    ['i.incident_id as "incident_id"', _ROW]
    + [f'coalesce(i.{column}, i.row_path) as "{column}"' for column in INCIDENT_LINKS.values()]
)
_FIGURES = """\
n,
case sufficiency when 'too_few' then 'too few' else 'yes' end as "enough?",
median_seconds as "median",
interval_low_seconds as "95 % from",
interval_high_seconds as "95 % to",
p90_seconds as "p90",
open_count as "open",
excluded_count as "excluded",
(extract(epoch from week_at) * 1000)::bigint::text as "from_ms",
(extract(epoch from week_at) * 1000 + 604799999)::bigint::text as "to_ms\""""
# Text, so that a chart does not draw them.
_WEEK_LINKS = """\
(extract(epoch from week_at) * 1000)::bigint::text as "from_ms",
(extract(epoch from week_at) * 1000 + 604799999)::bigint::text as "to_ms\""""
_WEEKS = "week_at + interval '7 days' > $__timeFrom()\nand week_at <= $__timeTo()"
_PARTS = {
    "filters": _FILTERS,
    "links": _LINKS,
    "point links": _POINT_LINKS,
    "figures": _FIGURES,
    "week links": _WEEK_LINKS,
    "weeks": _WEEKS,
}
_SQL = {
    path.stem: path.read_text(encoding="utf-8")
    for path in sorted((Path(__file__).parent / "panels").glob("*.sql"))
}


def query(name: str) -> str:
    """The query of that file with its shared parts filled in, each indented as its comment."""
    lines = []
    for line in _SQL[name].splitlines():
        for part, text in _PARTS.items():
            line = line.replace(f"/* {part} */", text.replace("\n", "\n" + _indent(line)))
        lines.append(line)
    return "\n".join(lines)


def variable_query(column: str) -> str:
    """The values to choose from: 'unknown' is always among them, so that a choice of all is never empty."""
    return (
        f"select {column} as __text, evidence_kpis.choice({column}) as __value from evidence_kpis.incidents"
        " union select 'unknown', 'unknown' order by 1"
    )


def _indent(line: str) -> str:
    return " " * (len(line) - len(line.lstrip()))
