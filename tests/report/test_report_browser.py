"""The page of a report in a browser: what a person sees at a desk, on a telephone, in the dark, on paper."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from evidence.report import Report, render_html
from evidence.report.words import NO_BREAK
from tests.browsers import NEEDS_CHROMIUM

from .made import Made, at, reported
from .test_report_figures import WEEK, history

pytestmark = NEEDS_CHROMIUM
DESK, PHONE = (1200, 900), (390, 844)
MOMENT = at("2026-03-03T09:00")


@pytest.fixture(scope="module")
def report() -> Report:
    """A week of some twenty incidents after half a year of others."""
    earlier = at("2026-02-03T09:00")
    other = Made("inc-of-cart", earlier, states=((earlier, "cart", 3),))
    return reported([*history(4, 60), other], WEEK)


@pytest.fixture(scope="module")
def file(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its page, where a run puts it."""
    path = tmp_path_factory.mktemp("out") / "kpis" / f"{WEEK}.html"
    path.parent.mkdir()
    path.write_text(render_html(report))
    return path


def opened(browser: Browser, file: Path, size: tuple[int, int], **options: Any) -> tuple[Page, list[str]]:
    """The page in a window of that size, and all that it asked for or said."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, **options)
    noticed: list[str] = []
    page.on("console", lambda message: noticed.append(message.text))
    page.on("request", lambda request: noticed.append(request.url))
    page.goto(file.as_uri())
    return page, noticed


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_report_fits_the_width_and_asks_for_nothing(
    browser: Browser, file: Path, size: tuple[int, int]
) -> None:
    """No request but for the file itself, no word of a policy that was broken, nothing to scroll sideways."""
    page, noticed = opened(browser, file, size)
    assert [file.as_uri()] == noticed
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.close()


def test_the_first_screen_says_what_changed(browser: Browser, file: Path, report: Report) -> None:
    """The number of incidents and the sentences, in order."""
    page, _ = opened(browser, file, DESK)
    assert f"{len(report.detected)} incidents" == page.locator(".ask .headline").inner_text()
    seen = [
        text.replace("\n", "").replace(NO_BREAK, " ")
        for text in page.locator(".changes li").all_inner_texts()
    ]
    assert [each.replace("“", "").replace("”", "") for each in report.changes] == seen
    box: Any = page.locator(".changes li").nth(4).bounding_box()
    assert box["y"] + box["height"] <= DESK[1]
    page.close()


def test_every_chart_is_seen_with_its_points_and_words(browser: Browser, file: Path, report: Report) -> None:
    """Points have a size and a colour, the week's own another one; axes are text; lines are drawn."""
    page, _ = opened(browser, file, DESK)
    charts = page.locator("svg.plotted")
    assert sum(len(times.charts) for times in report.times) + 2 == charts.count()
    first = charts.first
    points = first.locator("circle")
    assert len(report.times[0].charts[0].points) == points.count()
    fills = {point.evaluate("node => getComputedStyle(node).fill") for point in points.all()}
    assert 2 == len(fills)
    assert "rgb(0, 0, 0)" not in fills
    assert "1 min" in first.locator("text").all_text_contents()
    assert "W10" in first.locator("text").all_text_contents()
    box: Any = first.bounding_box()
    assert box["width"] > 300
    assert box["height"] > 100
    page.close()


def test_dark_is_dark_and_still_read(browser: Browser, file: Path) -> None:
    """Paper, ink and points change with the reader's screen."""
    colours = {}
    for scheme in ("light", "dark"):
        page, noticed = opened(browser, file, DESK, color_scheme=scheme)
        assert [file.as_uri()] == noticed
        colours[scheme] = [
            page.evaluate("getComputedStyle(document.body).backgroundColor"),
            page.evaluate("getComputedStyle(document.body).color"),
            page.evaluate("getComputedStyle(document.querySelector('.own circle')).fill"),
            page.evaluate("getComputedStyle(document.querySelector('.plotted text')).fill"),
        ]
        page.close()
    assert not [each for each in zip(*colours.values(), strict=True) if each[0] == each[1]]


def test_a_figure_leads_to_the_handoff_of_its_incident(browser: Browser, file: Path, report: Report) -> None:
    """By a click in the table, and on the point of the chart."""
    incident = report.times[0].rows[0].incidents[0]
    folder = file.parents[1] / "handoffs"
    folder.mkdir(exist_ok=True)
    for each in report.incidents:
        (folder / f"{each.incident_id}.html").write_text(f"<h1>{each.incident_id}</h1>")
    page, _ = opened(browser, file, DESK)
    page.locator("#time-to-detect td a", has_text=incident).first.click()
    assert incident == page.locator("h1").inner_text()
    page.go_back()
    # Of points on one another the last drawn lies on top.
    last = page.locator("#time-to-detect svg a").last
    last.click()
    assert page.url.endswith(".html")
    assert "/handoffs/" in page.url
    page.close()


def test_paper_shows_what_is_folded(browser: Browser, file: Path) -> None:
    """Rows without an incident of the week are folded on screens."""
    page, _ = opened(browser, file, DESK)
    folded = page.locator("details > div")
    assert folded.count() > 0
    assert not any(each.is_visible() for each in folded.all())
    page.emulate_media(media="print")
    assert all(each.is_visible() for each in folded.all())
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.close()


def test_services_of_like_names_are_told_apart_below_a_chart(browser: Browser, tmp_path: Path) -> None:
    """At a desk and on a telephone no label touches another, and none is the same as another."""
    names = [
        f"checkout-payments-{kind}" for kind in ("api", "reader", "worker", "writer", "mammoth-web", "w")
    ]
    found = [Made(f"inc-{name}", MOMENT, states=((MOMENT, name, 3),)) for name in names]
    file = tmp_path / "page.html"
    file.write_text(render_html(reported(found, WEEK)))
    for size in (DESK, PHONE):
        page, _ = opened(browser, file, size)
        labels = page.locator("svg:has(#mttd-service-title) .axis.x text").all()
        boxes: list[Any] = [label.bounding_box() for label in labels]
        assert len(names) == len({label.text_content() for label in labels})
        assert not [(one, two) for one, two in combinations(boxes, 2) if _touch(one, two)]
        page.close()


def _touch(one: dict[str, float], two: dict[str, float]) -> bool:
    return all(
        one[begin] < two[begin] + two[size] and two[begin] < one[begin] + one[size]
        for begin, size in (("x", "width"), ("y", "height"))
    )
