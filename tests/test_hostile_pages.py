"""Pages whose every text is hostile do nothing in a browser; without our escaping they would."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Route

from evidence.report import render_html
from simulator.comparison.rendering import render
from tests.browsers import NEEDS_CHROMIUM
from tests.handoff.made import SHELL, handed_over, made
from tests.handoff.test_handoff_inert import HOSTILE
from tests.report.test_report_inert import hostile_report
from tests.simulator.comparisons import comparison, with_text_everywhere

pytestmark = NEEDS_CHROMIUM
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
SAID = "1"  # what the script in the hostile text would say: alert(1)


def handoff_page(folder: Path) -> str:
    return handed_over(made(folder, HOSTILE)).files[f"handoffs/{SHELL}.html"].decode()


def report_page(_folder: Path) -> str:
    return render_html(hostile_report())


def comparison_page(_folder: Path) -> str:
    return render(with_text_everywhere(comparison(), HOSTILE), "html")


PAGES: tuple[Callable[[Path], str], ...] = (handoff_page, report_page, comparison_page)


@dataclass
class Noticed:
    """What a page has done: said in dialogs, asked of others, and added that the policy had to stop."""

    dialogs: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


@pytest.fixture(scope="module", params=PAGES, ids=lambda page: page.__name__)
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page as we write it."""
    return str(request.param(tmp_path_factory.mktemp("root")))


def opened(browser: Browser, file: Path, content: str) -> Noticed:
    """All that the page does until it is loaded and every part of it has been folded out."""
    file.write_text(content, encoding="utf-8")
    noticed = Noticed()
    tab = browser.new_page()

    def say(dialog: Dialog) -> None:
        noticed.dialogs.append(dialog.message)
        dialog.dismiss()

    def answer(route: Route) -> None:
        url = route.request.url
        if url == file.as_uri():
            route.continue_()
        else:
            noticed.requests.append(url)
            route.abort()

    tab.on("dialog", say)
    tab.on("console", lambda message: noticed.refused.append(message.text))
    tab.route("**/*", answer)
    tab.goto(file.as_uri())
    tab.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    tab.wait_for_load_state("networkidle")
    tab.close()
    return noticed


def test_a_page_of_hostile_texts_does_nothing(browser: Browser, page: str, tmp_path: Path) -> None:
    """No dialog, no request, and nothing that its policy had to stop."""
    assert Noticed() == opened(browser, tmp_path / "page.html", page)


def test_without_its_policy_it_does_nothing_either(browser: Browser, page: str, tmp_path: Path) -> None:
    """Escaping alone holds: there is nothing in it that could run or load."""
    bare, count = POLICY.subn("", page)
    assert 1 == count
    assert Noticed() == opened(browser, tmp_path / "page.html", bare)


def test_without_our_escaping_it_runs(browser: Browser, page: str, tmp_path: Path) -> None:
    """The control: the same page, its texts as they came and no policy, says its line and asks outside."""
    noticed = opened(browser, tmp_path / "page.html", html.unescape(POLICY.sub("", page)))
    assert SAID in noticed.dialogs
    assert [] != noticed.requests


def test_without_our_escaping_the_policy_stops_it(browser: Browser, page: str, tmp_path: Path) -> None:
    """A hole in our escaping alone would not be enough: the browser refuses, and says so."""
    noticed = opened(browser, tmp_path / "page.html", html.unescape(page))
    assert [] == noticed.dialogs
    assert [] == noticed.requests
    assert [] != noticed.refused
