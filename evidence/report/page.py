"""Writes a report as one self-contained HTML page: no script, no request, for screen, phone and print."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from evidence.handoff.inert import html
from evidence.handoff.page import csp_hash, page_environment, style_sheet
from evidence.report.charts import stack_svg, strip_svg
from evidence.report.document import NOTHING, headline, sections
from evidence.report.model import Report, Stack, Strip
from evidence.report.words import held

_FOLDER = Path(__file__).parent / "templates"
_MOMENT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z")


def render_html(report: Report) -> str:
    """The page. Every value is escaped; the policy in its head lets in its own style sheet alone."""
    style = style_sheet() + chart_style() + _own_style()
    template = _environment().get_template("report.html.j2")
    return (
        template.render(
            report=report,
            headline=headline(report),
            sections=sections(report),
            style=Markup(style),
            style_hash=csp_hash(style),
        )
        + "\n"
    )


def sentence_html(sentence: str) -> Markup:
    """The sentence as HTML; no line ends between a figure and its unit, nor within a moment.

    A moment is held by its element: hyphens that hold would be copied as other characters.
    """
    return Markup(_MOMENT.sub(r"<time>\g<0></time>", str(html(held(sentence)))))


@lru_cache(maxsize=32)
def chart_svg(chart: Strip | Stack) -> str:
    """The chart as SVG, which escapes what it holds."""
    return strip_svg(chart) if isinstance(chart, Strip) else stack_svg(chart)


@cache
def chart_style() -> str:
    """The style sheet of the charts, in a page or by themselves."""
    return (_FOLDER / "chart.css").read_text(encoding="utf-8")


@cache
def _own_style() -> str:
    return (_FOLDER / "report.css").read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = page_environment(_FOLDER)
    environment.filters |= {"sentence": sentence_html, "kind": lambda part: type(part).__name__}
    environment.globals |= {"drawn": lambda chart: Markup(chart_svg(chart)), "nothing": NOTHING}
    return environment
