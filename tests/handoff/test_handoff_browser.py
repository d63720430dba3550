"""The page of a handoff in a browser: what is urgent is on the first screen, what is long is folded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browsers import NEEDS_CHROMIUM

from .recorded import INCIDENTS, recorded_handoffs

pytestmark = NEEDS_CHROMIUM
RELEASE = "inc-0102-checkout-bad-release"
DESK, PHONE = (1200, 900), (390, 844)
SCREENS_MAX = {DESK: 7, PHONE: 13}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of all recorded incidents, as files."""
    folder = tmp_path_factory.mktemp("pages")
    for name, content in recorded_handoffs().files.items():
        if name.endswith(".html"):
            (folder / Path(name).name).write_bytes(content)
    return folder


def opened(browser: Browser, file: Path, size: tuple[int, int]) -> tuple[Page, list[str]]:
    """The page in a window of that size, and all that it asked for or said."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    noticed: list[str] = []
    page.on("console", lambda message: noticed.append(message.text))
    page.on("request", lambda request: noticed.append(request.url))
    page.goto(file.as_uri())
    return page, noticed


def bottom(page: Page, selector: str) -> float:
    """How far down the first such element ends, in pixels of the page."""
    found: Any = page.locator(selector).first.bounding_box()
    return float(found["y"] + found["height"])


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("incident", INCIDENTS)
def test_a_page_takes_few_screens(
    browser: Browser, pages: Path, incident: str, size: tuple[int, int]
) -> None:
    """It fits the width, asks for nothing, and what is long is folded."""
    page, noticed = opened(browser, pages / f"{incident}.html", size)
    assert [(pages / f"{incident}.html").as_uri()] == noticed
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate("document.documentElement.scrollHeight") <= SCREENS_MAX[size] * size[1]
    page.close()


@pytest.mark.parametrize("incident", INCIDENTS)
def test_the_first_screen_says_what_why_and_who(browser: Browser, pages: Path, incident: str) -> None:
    """Decision, request, why and approval at a desk; on a telephone decision, request and why."""
    page, _ = opened(browser, pages / f"{incident}.html", DESK)
    assert bottom(page, ".ask .headline") < bottom(page, ".ask .request") < bottom(page, ".ask dd >> nth=0")
    assert ["Why", "Approval"] == page.locator(".ask dt").all_inner_texts()[:2]
    assert bottom(page, ".ask dd >> nth=1") <= DESK[1]
    page.close()
    page, _ = opened(browser, pages / f"{incident}.html", PHONE)
    assert bottom(page, ".ask dd >> nth=0") <= PHONE[1]
    page.close()


def test_a_link_to_what_is_folded_opens_it(browser: Browser, pages: Path) -> None:
    """A citation leads to its claim, a section's link to the section; no script is needed."""
    page, _ = opened(browser, pages / f"{RELEASE}.html", DESK)
    citation = page.locator(".ask a[href^='#claim-']").first
    claim = page.locator(str(citation.get_attribute("href")))
    assert not claim.is_visible()
    citation.click()
    assert claim.is_visible()
    assert not page.locator("#timeline").is_visible()
    page.locator(".jump a[href='#timeline']").click()
    assert page.locator("#timeline").is_visible()
    page.close()


def test_print_shows_what_is_folded_in(browser: Browser, pages: Path) -> None:
    """Paper cannot be clicked: timeline, facts, record, claims, flags and requests are there."""
    page, _ = opened(browser, pages / f"{RELEASE}.html", DESK)
    folded = page.locator("details > :not(summary)")
    assert folded.count() >= 6
    assert not any(each.is_visible() for each in folded.all())
    page.emulate_media(media="print")
    assert all(each.is_visible() for each in folded.all())
    assert page.locator("#evidence tbody tr").last.is_visible()
    page.close()
