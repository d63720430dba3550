"""Both formats say the same, the same bytes every time, and are what the golden pages show."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

from evidence.handoff.inert import markdown
from evidence.report import Report, render_html, render_markdown
from evidence.report.blocks import Block, Named, Paragraph, Table, Text
from evidence.report.charts import stack_svg, strip_svg
from evidence.report.document import sections
from evidence.report.page import sentence_html
from evidence.report.words import NO_BREAK, held

from .made import Made, at, reported
from .test_report_figures import WEEK, history

ROOT = Path(__file__).parents[2]
GOLDEN = "tests/report/golden"


@pytest.fixture(scope="module")
def report() -> Report:
    """A week of some twenty incidents after half a year of others."""
    return reported(history(4, 60), WEEK)


def texts(block: Block) -> list[str]:
    """All that a block says in words."""
    if isinstance(block, Paragraph):
        return [block.text]
    if not isinstance(block, Table):
        return []
    cells = [cell for row in block.rows for cell in row]
    said = [part for cell in cells if isinstance(cell, Text) for part in (cell.text, cell.detail) if part]
    return [
        *said,
        *(each.incident_id for cell in cells if isinstance(cell, Named) for each in cell.incidents),
    ]


def test_both_formats_say_the_same(report: Report) -> None:
    """Every sentence, figure and incident of the page is in the Markdown, and the other way round."""
    page, ticket = render_html(report), render_markdown(report)
    said = [*report.changes, *report.unsaid]
    said += [text for section in sections(report) for block in section.blocks for text in texts(block)]
    assert len(said) > 200
    assert [] == [text for text in said if str(sentence_html(text)) not in page]
    assert [] == [text for text in said if markdown(text) not in ticket]


def test_every_figure_has_n_and_an_interval_or_says_too_few(report: Report) -> None:
    """In each cell of times and shares; none says that nothing was measured."""
    cells = [
        cell
        for section in sections(report)[:7]
        for block in section.blocks
        if isinstance(block, Table)
        for row in block.rows
        if len(row) == 4
        for cell in row[1:3]
    ]
    assert len(cells) >= 60
    for cell in cells:
        assert isinstance(cell, Text)
        has_n = "n = " in cell.detail or re.fullmatch(r"[\d,]+ of [\d,]+", cell.text)
        assert cell.text.startswith("none") or (
            has_n and ("95 % interval" in cell.detail or "too few" in cell.detail)
        )


def test_every_figure_leads_to_the_incidents_behind_it(report: Report) -> None:
    """Each incident that the tables name has its handoff page, and the links of the settings."""
    links = {each.incident_id: [link.url for link in each.links] for each in report.incidents}
    rows = [row for times in report.times for row in times.rows]
    behind = {incident_id for row in rows for incident_id in row.incidents}
    assert behind
    assert behind <= set(links)
    for incident_id in behind:
        assert f"../handoffs/{incident_id}.html" == links[incident_id][0]
        assert f"https://incidents.example.com/{incident_id}" == links[incident_id][1]


@pytest.mark.parametrize(
    ("plain", "expected"),
    [
        ("median 1 h 52 min 33 s, 95 % interval", "median 1~h 52~min 33~s, 95~% interval"),
        ("10 min, n = 26; 3 of 28", "10~min, n~=~26; 3 of 28"),
        ("named “4 min n = 2” in 4 minutes, 1 d-day", "named “4 min n = 2” in 4 minutes, 1 d-day"),
    ],
)
def test_a_figure_and_its_unit_stay_in_one_line(plain: str, expected: str) -> None:
    """Where a page or a terminal breaks lines; foreign text is left as it is."""
    assert expected == held(plain).replace(NO_BREAK, "~")


def test_the_page_alone_holds_figures_together(report: Report) -> None:
    """Markdown is pasted and searched: it has plain spaces."""
    assert f"95{NO_BREAK}% interval" in render_html(report)
    assert NO_BREAK not in render_markdown(report)


def test_no_line_ends_within_a_moment() -> None:
    """The page's style holds it, so that it is copied with the hyphens that it has; Markdown has it bare."""
    moment, known = at("2026-03-03T09:00"), at("2026-03-12T09:00")
    late = reported([Made("inc-1", moment, states=((known, "checkout-api", 5),))], WEEK)
    said = "2026-03-12T09:00:00Z"
    page, plain = render_html(late), render_markdown(late)
    assert page.count(said) == page.count(f"<time>{said}</time>") >= 1 and said in plain
    assert "time { white-space: nowrap; }" in page


def test_charts_are_told_to_those_who_do_not_see_them(report: Report) -> None:
    """Each has a title and a description that name it, and its text is text."""
    charts = [strip_svg(chart) for times in report.times for chart in times.charts]
    charts += [stack_svg(chart) for chart in (report.coverage.chart, report.outcomes.chart) if chart]
    for svg in charts:
        names = re.fullmatch(r'.*aria-labelledby="(\S+) (\S+)".*', svg, re.DOTALL)
        assert names is not None
        assert f'<title id="{names[1]}">' in svg
        assert f'<desc id="{names[2]}">' in svg
        assert "<text" in svg
        assert not re.search(r"<style|<script|<!--|style=|#[0-9a-fA-F]{6}\b", svg)
    assert 9 == len(charts) - 2


def test_a_point_of_the_week_leads_to_its_handoff(report: Report) -> None:
    """In the drawing too."""
    (chart,) = (each for each in report.times[0].charts if each.name == "mttd-week")
    own = [point for point in chart.points if point.is_of_week]
    assert own
    svg = strip_svg(chart)
    assert all(f'href="{point.url}"' in svg and unescape(point.label) in svg for point in own)


SCRIPT = """
import hashlib
from tests.report.made import reported
from tests.report.test_report_figures import WEEK, history
from evidence.report import metadata_markdown, render_html, render_markdown
found = reported(history(4, 60), WEEK)
for content in (render_html(found), render_markdown(found), metadata_markdown(found)):
    print(hashlib.sha256(content.encode()).hexdigest())
"""


@pytest.mark.slow
def test_the_bytes_are_the_same_whatever_the_hash_seed_zone_and_locale() -> None:
    """The same tables give the same files in every process."""
    said = set()
    for seed, zone in (("0", "UTC"), ("1", "Asia/Kathmandu"), ("42", "America/St_Johns")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        said.add(done.stdout)
    assert 1 == len(said)
    assert 3 == len(said.pop().splitlines())


def test_rows_in_another_order_give_the_same_report() -> None:
    """Nothing rests on the order in which tables hold their rows."""
    incidents = history(4, 40)
    assert reported(incidents, WEEK) == reported(incidents[::-1], WEEK)


TOO_FEW = [Made("inc-1", at("2026-03-03T09:00"), resolved_after=None)]


@pytest.mark.golden
@pytest.mark.parametrize(("name", "incidents"), [("many", history(4, 60)), ("too-few", TOO_FEW)])
def test_a_report_is_as_reviewed(golden, name: str, incidents: list[Made]) -> None:
    """A week with enough incidents for intervals, and one with too few for any."""
    golden(f"{GOLDEN}/{name}.md", render_markdown(reported(incidents, WEEK)))


@pytest.mark.golden
def test_a_page_is_as_reviewed(golden) -> None:
    """But for the style sheet, and its hash, which other pages share."""
    head, _, rest = render_html(reported(TOO_FEW, WEEK)).partition("<style>")
    page = f"{head}{rest.partition('</style>')[2]}"
    golden(f"{GOLDEN}/too-few.html", re.sub(r"'sha256-[^']+'", "'sha256-…'", page))
