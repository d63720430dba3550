"""Writes what Dagster shows of a report: its Markdown, and the charts over the weeks as pictures."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path

from evidence.report.markdown import render_markdown
from evidence.report.model import Report, Stack, Strip
from evidence.report.page import chart_style, chart_svg

_STYLE = Path(__file__).parent / "templates" / "picture.css"


def metadata_markdown(report: Report) -> str:
    """The report as Markdown, then the charts over the weeks: Dagster keeps what it shows with every run."""
    charts: list[Strip | Stack] = [times.charts[0] for times in report.times]
    charts += [shares.chart for shares in (report.coverage, report.outcomes) if shares.chart]
    pictures = [_picture(chart) for chart in charts]
    return f"{render_markdown(report)}\n## Charts\n\n" + "\n\n".join(pictures) + "\n"


def _picture(chart: Strip | Stack) -> str:
    """As an image: a picture stands alone, so that it brings its style, light or dark as the screen."""
    svg = chart_svg(chart)
    start = svg.index(">") + 1
    content = f"{svg[:start]}<style>{_style()}</style>{svg[start:]}"
    picture = base64.b64encode(content.encode()).decode()
    return f"**{chart.title}**\n\n![{chart.title}](data:image/svg+xml;base64,{picture})"


@cache
def _style() -> str:
    return _STYLE.read_text(encoding="utf-8") + chart_style()
