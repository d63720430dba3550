"""Owns the files of reports below the output folder: their names, and which are there already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb

from evidence.errors import InputError
from evidence.placing import REPORTS
from evidence.report.building import build
from evidence.report.markdown import render_markdown
from evidence.report.model import Report
from evidence.report.page import render_html
from evidence.report.reading import prepare, read
from evidence.report.weeks import Week, parse_week


def report_of(connection: duckdb.DuckDBPyConnection, week: Week) -> Report:
    """The report of the week, from the published tables that the connection holds."""
    (found,) = reports_of(connection, [week])
    return found


def reports_of(connection: duckdb.DuckDBPyConnection, weeks: Iterable[Week]) -> Iterator[Report]:
    """The reports of several weeks; what they have in common is read once."""
    prepare(connection)
    for week in weeks:
        yield build(read(connection, week))


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
