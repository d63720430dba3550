"""The weekly report: a week's figures with their spread, what late evidence changed, what cannot be said."""

from evidence.report.files import report_files, report_of, reports_of, written_weeks
from evidence.report.markdown import render_markdown
from evidence.report.metadata import metadata_markdown
from evidence.report.model import Report
from evidence.report.page import render_html
from evidence.report.reading import fingerprints, last_weeks
from evidence.report.weeks import Week, parse_week
from expectations.reported import INPUTS

__all__ = [
    "INPUTS",
    "Report",
    "Week",
    "fingerprints",
    "last_weeks",
    "metadata_markdown",
    "parse_week",
    "render_html",
    "render_markdown",
    "report_files",
    "report_of",
    "reports_of",
    "written_weeks",
]
