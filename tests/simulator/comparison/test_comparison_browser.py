"""The page of a comparison in a browser: it fits, asks for nothing, and nothing in it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from simulator.comparison.model import Comparison
from simulator.comparison.rendering import chart_svg, render
from tests.browsers import NEEDS_CHROMIUM
from tests.handoff.test_handoff_inert import HOSTILE

from ..comparisons import change, comparison, with_text_everywhere

pytestmark = NEEDS_CHROMIUM


def hostile() -> Comparison:
    return with_text_everywhere(comparison(), f"{HOSTILE}{'endless' * 60}")


def opened(browser: Browser, file: Path, width: int, scheme: str) -> tuple[Any, list[str]]:
    """The page in a window so wide, and all that it asked for, said or opened."""
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    noticed: list[str] = []
    page.on("console", lambda message: noticed.append(message.text))
    page.on("request", lambda request: noticed.append(request.url))
    page.on("dialog", lambda dialog: noticed.append(dialog.message))
    page.goto(file.as_uri())
    return page, noticed


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize("make", [comparison, hostile], ids=["made", "hostile"])
def test_the_page_fits_and_asks_for_nothing(browser: Browser, tmp_path: Path, make, width, scheme) -> None:
    """On a telephone and a desk; the style sheet is let in, since its background is not the browser's."""
    file = tmp_path / "comparison.html"
    file.write_text(render(make(), "html"), encoding="utf-8")
    page, noticed = opened(browser, file, width, scheme)
    assert [file.as_uri()] == noticed
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    paper = {"light": "rgb(246, 245, 241)", "dark": "rgb(20, 23, 27)"}[scheme]
    assert paper == page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.close()


def test_a_link_of_the_overview_leads_to_its_change(browser: Browser, tmp_path: Path) -> None:
    """The second incident's, to the second change."""
    file = tmp_path / "comparison.html"
    file.write_text(render(comparison(), "html"), encoding="utf-8")
    page, _ = opened(browser, file, 1200, "light")
    page.click(".glance a >> text=inc-2")
    assert page.url.endswith("#change-2")
    assert "inc-2" in page.inner_text("#change-2 .name")
    page.close()


def test_print_shows_what_is_folded_in(browser: Browser, tmp_path: Path) -> None:
    """Paper cannot be clicked: the evidence is there."""
    file = tmp_path / "comparison.html"
    file.write_text(render(comparison(changed=(change(),)), "html"), encoding="utf-8")
    page, _ = opened(browser, file, 800, "light")
    cell = page.locator("article details td").first
    assert not cell.is_visible()
    page.emulate_media(media="print")
    assert cell.is_visible()
    page.close()


def test_the_chart_is_drawn_as_a_picture(browser: Browser, tmp_path: Path) -> None:
    """As Dagster shows it: an image that the browser could decode."""
    (tmp_path / "chart.svg").write_text(chart_svg(hostile()), encoding="utf-8")
    file = tmp_path / "picture.html"
    file.write_text('<img src="chart.svg">', encoding="utf-8")
    page, _ = opened(browser, file, 1200, "light")
    assert page.evaluate("document.images[0].naturalWidth") > 300
    page.close()
