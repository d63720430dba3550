"""Prints what a run has built: incidents, records, decisions, warnings and where everything lies."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from assets.folders import Folders
from assets.playbooks import bundle_versions
from evidence.redaction import make_visible
from evidence.warehouse import root_digest
from expectations.tables.decision import MODES, OPTIONS

KEYS_SHOWN_MAX = 4

_RECORDS = """
select
    coalesce(sum(record_count), 0)::bigint,
    coalesce(sum(evidence_count), 0)::bigint,
    coalesce(sum(duplicate_count), 0)::bigint,
    coalesce(sum(quarantined_count), 0)::bigint
from intake.files
"""
_FILES = """
select
    (select count(*) from intake.files),
    (select coalesce(list(path order by path), []) from intake.unclaimed_files)
"""
_DECISIONS = "select option, mode, count(*) from decision.decisions group by all order by all"
_FAILED = """
select table_name, expectation, column_name, severity, failing_count, failing_keys
from quality.validation_results
where not is_success
order by severity, table_name, expectation, column_name
"""


def print_summary(folders: Folders, output_format: str) -> None:
    """Print the result of a run that went through."""
    summary = summarise(folders)
    sys.stdout.write(json.dumps(summary, indent=2) + "\n" if output_format == "json" else _text(summary))


def print_blocked(folders: Folders, output_format: str) -> None:
    """Print which blocking checks failed on which rows."""
    failed = [row for row in _failed(folders) if row["severity"] == "error"]
    if output_format == "json":
        sys.stdout.write(json.dumps({"blocked_by": failed}, indent=2) + "\n")
    sys.stderr.write("evidence: blocked, nothing downstream was built; the last published tables stay\n")
    sys.stderr.write("".join(f"  {_failure(row)}\n" for row in failed))


def summarise(folders: Folders) -> dict[str, Any]:
    """The result of a run as plain values."""
    published = folders.tables.published()
    with folders.reading() as connection:
        records = connection.execute(_RECORDS).fetchall()[0]
        claimed, unclaimed = connection.execute(_FILES).fetchall()[0]
        decisions = connection.execute(_DECISIONS).fetchall()
    return {
        "incidents": published["decision.decisions"].row_count,
        "incident_records": published["intake.incident_records"].row_count,
        "files": {"found": claimed + len(unclaimed), "claimed": claimed, "unclaimed": len(unclaimed)},
        "records": dict(zip(("read", "evidence", "duplicate", "quarantined"), records, strict=True)),
        "decisions": [{"option": o, "mode": m, "incidents": n} for o, m, n in decisions],
        "unclaimed_files": unclaimed,
        "warnings": [row for row in _failed(folders) if row["severity"] == "warning"],
        "refused_playbooks": dict(bundle_versions(folders).refused),
        "tables": len(published),
        "rows": sum(entry.row_count for entry in published.values()),
        "root_sha256": root_digest(published),
        "handoffs": str(folders.out_path / "handoffs"),
        "reports": str(folders.out_path / "kpis"),
        "catalogue": str(Path(folders.warehouse) / folders.tables.catalogue.name),
        "tables_folder": str(Path(folders.warehouse) / "tables"),
    }


def _failed(folders: Folders) -> list[dict[str, Any]]:
    with folders.reading() as connection:
        rows = connection.execute(_FAILED).fetchall()
    names = ("table", "expectation", "column", "severity", "failing_count", "failing_keys")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _failure(row: dict[str, Any]) -> str:
    column = f".{row['column']}" if row["column"] else ""
    shown = [_shortened(key) for key in row["failing_keys"][:KEYS_SHOWN_MAX]]
    hidden = len(row["failing_keys"]) - len(shown)
    keys = ", ".join([*shown, f"and {hidden} more"] if hidden else shown)
    rows = f"{row['failing_count']} {'row' if row['failing_count'] == 1 else 'rows'}"
    return f"{row['table']}{column}: {row['expectation']} fails for {rows} {keys}".rstrip()


def _refusal(name: str, reason: str) -> str:
    return make_visible(f"playbook {name} does not compile and is not replayed: {reason}")


def _shortened(key: str) -> str:
    """The key on one line, inert, with digests cut to what tells them apart."""
    return re.sub(r"\b([0-9a-f]{12})[0-9a-f]{20,}\b", r"\1…", make_visible(key))


def _text(summary: dict[str, Any]) -> str:
    files, records = summary["files"], summary["records"]
    lines = [
        f"{summary['incidents']} {'incident' if summary['incidents'] == 1 else 'incidents'}",
        *_of_tables_alone(summary["incident_records"]),
        f"{files['found']:,} files in = {files['claimed']:,} of incidents + {files['unclaimed']:,} unclaimed",
        f"{records['read']:,} records in = {records['evidence']:,} evidence"
        f" + {records['duplicate']:,} duplicate + {records['quarantined']:,} quarantined",
        "",
        *([*_matrix(summary["decisions"]), ""] if summary["incidents"] else ()),
        *(f"warning: {_failure(row)}" for row in summary["warnings"]),
        *(f"warning: {_refusal(*each)}" for each in summary["refused_playbooks"].items()),
        *([f"handoffs    {summary['handoffs']}"] if summary["incidents"] else ()),
        *([f"reports     {summary['reports']}"] if summary["incidents"] else ()),
        f"catalogue   {summary['catalogue']}",
        f"KPI tables  schema kpis of the catalogue, files below {summary['tables_folder']}",
        f"digest      {summary['root_sha256']} over {summary['tables']} tables, {summary['rows']:,} rows",
    ]
    return "\n".join(lines) + "\n"


def _of_tables_alone(count: int) -> list[str]:
    """How many incidents only a table tells of; nothing where there is none."""
    if not count:
        return []
    return [f"{count:,} incident records without evidence: the KPI tables count them, nothing is decided"]


def _matrix(decisions: list[dict[str, Any]]) -> list[str]:
    """Decisions by option (down) and mode (across)."""
    counts = {(row["option"], row["mode"]): row["incidents"] for row in decisions}
    head = f"{'recommended':<14}" + "".join(f"{mode.replace('_', ' '):>20}" for mode in MODES)
    rows = [
        f"{option:<14}" + "".join(f"{counts.get((option, mode), '-'):>20}" for mode in MODES)
        for option in OPTIONS
    ]
    return [head, *rows]
