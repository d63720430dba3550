"""Owns the files of reports below the output folder: their names, and which are there already."""

from __future__ import annotations

from pathlib import Path

import duckdb

from evidence.errors import InputError
from evidence.placing import REPORTS
from evidence.report.building import build
from evidence.report.markdown import render_markdown
from evidence.report.model import Report
from evidence.report.page import render_html
from evidence.report.reading import read
from evidence.report.weeks import Week, parse_week


def report_of(connection: duckdb.DuckDBPyConnection, week: Week) -> Report:
    """The report of the week, from the published tables that the connection holds."""
    return build(read(connection, week))


def report_files(report: Report) -> dict[str, bytes]:
    """The report as files, by their path below the output folder."""
    stem = f"{REPORTS}/{report.week}"
    return {f"{stem}.html": render_html(report).encode(), f"{stem}.md": render_markdown(report).encode()}


def written_weeks(out: Path) -> tuple[Week, ...]:
    """The weeks of which a report lies below `out`, oldest first; files of other names are not looked at."""
    found = []
    for path in sorted((out / REPORTS).glob("*.html")):
        try:
            found.append(parse_week(path.stem))
        except InputError:
            continue
    return tuple(found)
