"""What a person sees of a real run: Dagster's UI, the report, a handoff, a comparison; hostile texts as well.

Every test keeps a picture, in a folder of its own or in the one that the variable PICTURES names.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest
from dev_servers import Dev, running, workspace_of
from playwright.sync_api import Browser, Locator, Page
from projects import Project

from assets.checks import failing_markdown
from evidence.handoff import metadata_markdown as handoff_markdown
from evidence.report import metadata_markdown as report_markdown
from expectations.checks import CHECKS
from expectations.suites import Verdict
from simulator.comparison.rendering import metadata_markdown as comparison_markdown
from tests.browsers import NEEDS_CHROMIUM
from tests.handoff.made import handed_over, made
from tests.handoff.test_handoff_inert import HOSTILE
from tests.report.test_report_inert import hostile_report
from tests.simulator.comparisons import comparison, with_text_everywhere

pytestmark = NEEDS_CHROMIUM
SIZE = (1500, 860)
GROUPS = [
    *("decision", "enrichment", "expectations", "handoff", "intake", "kpis", "playbooks", "quality", "replay")
]
NO_OWNER = "inc-0111-orphan-report-job"
RELEASE = "inc-0102-checkout-bad-release"


@dataclass
class Seen:
    """A window, and what its page asked of anybody but the server or the disk, or said in dialogs."""

    page: Page
    own: str
    outside: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """The page at that path."""
        self.page.goto(f"{self.own}{path}")
        return self.page

    def told(self, asset: str) -> Locator:
        """The Markdown that the asset's latest materialisation shows."""
        self.open(f"/assets/{asset}?view=events").get_by_text("Show Markdown").first.click()
        return self.page.get_by_role("dialog")


def watched(browser: Browser, own: str) -> Seen:
    """A window that lets nothing out: what is neither the server's nor in the page itself is noted."""
    seen = Seen(browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]}), own)

    def note(message: str) -> None:
        seen.dialogs.append(message)

    seen.page.on("dialog", lambda dialog: (note(dialog.message), dialog.dismiss()))
    outside = re.compile(rf"^(?!{re.escape(own)}|data:|blob:)")
    seen.page.route(outside, lambda route: (seen.outside.append(route.request.url), route.abort()))
    seen.page.on("websocket", lambda socket: _note_socket(seen, socket.url))
    return seen


def _note_socket(seen: Seen, url: str) -> None:
    if not url.startswith(seen.own.replace("http", "ws", 1)):
        seen.outside.append(url)


@pytest.fixture(scope="module")
def workspace(built: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A folder in which everything has been built once."""
    return workspace_of(built, tmp_path_factory.mktemp("browser") / "clone")


@pytest.fixture(scope="module")
def dev(workspace: Project) -> Iterator[Dev]:
    """`make dev` in that folder."""
    with running(workspace) as found:
        yield found


@pytest.fixture
def ui(browser: Browser, dev: Dev) -> Iterator[Seen]:
    """A window on the UI; when the test has ended, it has asked for nothing outside and said nothing."""
    seen = watched(browser, dev.address)
    yield seen
    seen.page.close()
    assert ([], []) == (seen.outside, seen.dialogs)


Picture = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Picture:
    """picture(page, name): keep what is seen now."""
    folder = Path(os.environ.get("PICTURES") or tmp_path_factory.mktemp("pictures"))

    def keep(page: Page, name: str) -> None:
        content = page.screenshot(path=folder / f"{name}.png")
        assert content.startswith(b"\x89PNG")
        assert len(content) > 10_000, "an empty window is smaller"

    return keep


def test_the_graph_shows_the_stages(ui: Seen, picture: Picture) -> None:
    """A group for each stage, in the list and drawn, linked, and of each the tables when it is opened."""
    page = ui.open("/asset-groups")
    drawn = page.locator("svg foreignObject")
    drawn.get_by_text("intake", exact=True).wait_for()
    assert GROUPS == sorted({text.strip() for text in drawn.all_text_contents()} & {*GROUPS})
    picture(page, "asset-graph")
    page.keyboard.press("Alt+E")  # opens all groups
    drawn.get_by_text(
        re.compile("^(raw_records|evidence_events|incident_states|decisions)$")
    ).first.wait_for()


def test_a_table_says_what_it_is(ui: Seen, picture: Picture) -> None:
    """Description, columns and their meaning, rows, owner, kinds, freshness, and where its code is."""
    page = ui.open("/assets/kpis/weekly_coverage?view=overview")
    page.get_by_text("Source code").wait_for()
    page.get_by_text("Incidents detected in the week.").wait_for()
    page.get_by_text("Passing").first.wait_for()
    text = page.locator("body").inner_text()
    expected = (
        "One row per ISO week",
        "Row count",
        "service-owners",
        "DuckDB",
        "Parquet",
        "Freshness policy",
    )
    assert [] == [each for each in expected if each not in text]
    code = text.partition("Source code")[2].partition("Automation details")[0]
    assert ["kpis.py", "contract", "SQL"] == [each for each in ("kpis.py", "contract", "SQL") if each in code]
    picture(page, "table")


def test_a_check_names_the_incidents_that_fail(ui: Seen, picture: Picture) -> None:
    """The incident without an owner, by name, two clicks from the table."""
    page = ui.open("/assets/enrichment/incident_context?view=checks")
    page.get_by_text("every_incident_has_owner").first.click()
    page.get_by_text("1 of 1 expectations failed").wait_for()
    page.get_by_text("Show Markdown").click()
    told = page.get_by_role("dialog")
    told.get_by_text(NO_OWNER).wait_for()
    assert "every_incident_has_owner (owner): 1 of 28" in told.inner_text()
    picture(page, "check")


def test_a_package_is_read_in_its_metadata(ui: Seen, picture: Picture) -> None:
    """The gravest, with its headings as headings."""
    told = ui.told("handoff/packages")
    told.get_by_role("heading", name="Recommendation").wait_for()
    assert RELEASE in told.inner_text()
    assert "Recommended: roll back the release (checkout-api)." in told.inner_text()
    picture(ui.page, "package")


@pytest.mark.parametrize(
    ("asset", "heading", "charts"),
    [("replay/comparisons", "changed", 1), ("kpis/weekly_reports", "What changed", 6)],
)
def test_a_report_is_read_with_its_charts(
    ui: Seen, picture: Picture, asset: str, heading: str, charts: int
) -> None:
    """Its words, and pictures that the browser could decode."""
    told = ui.told(asset)
    told.get_by_text(re.compile(heading, re.IGNORECASE)).first.wait_for()
    pictures = told.locator("img")
    pictures.nth(charts - 1).wait_for()
    widths = [each.evaluate("node => node.naturalWidth") for each in pictures.all()]
    assert charts == len(widths)
    assert min(widths) > 200
    picture(ui.page, asset.replace("/", "-"))


def hostile_texts(folder: Path) -> dict[str, str]:
    """What is shown in the metadata of a run all of whose texts are hostile."""
    package = handed_over(made(folder, HOSTILE)).gravest
    assert package is not None
    check = next(check for check in CHECKS if check.expectations)
    verdict = Verdict(check, check.expectations[0], False, 9, 5, (HOSTILE,) * 5)
    return {
        "package": handoff_markdown(package),
        "report": report_markdown(hostile_report()),
        "comparison": comparison_markdown(with_text_everywhere(comparison(), HOSTILE)),
        "failing": failing_markdown([verdict]),
    }


def remember(workspace: Project, key: list[str], text: str) -> None:
    """A materialisation that shows the text, in the history that the UI reads."""
    made_by_hand = dg.AssetMaterialization(dg.AssetKey(key), metadata={"told": dg.MetadataValue.md(text)})
    before = Path.cwd()
    os.chdir(workspace.folder)  # dagster.yaml names folders below the current one
    try:
        with dg.DagsterInstance.from_config(str(workspace.folder)) as instance:
            instance.report_runless_asset_event(made_by_hand)
    finally:
        os.chdir(before)


@pytest.mark.parametrize("name", ["package", "report", "comparison", "failing"])
def test_hostile_texts_are_inert_in_the_ui(ui: Seen, workspace: Project, tmp_path: Path, name: str) -> None:
    """Whatever a log writer wrote: no dialog, no request, no picture and no link of theirs."""
    remember(workspace, ["hostile", name], hostile_texts(tmp_path)[name])
    told = ui.told(f"hostile/{name}")
    told.get_by_text("alert(1)").first.wait_for()
    assert 0 == told.locator("img:not([src^='data:image/svg']), script, iframe").count()
    hosts = told.locator("a").evaluate_all("found => found.map(each => each.protocol + each.host)")
    assert [] == [host for host in hosts if "evil" in host or "script" in host]


def test_the_ui_would_ask_outside_for_a_picture(browser: Browser, dev: Dev, workspace: Project) -> None:
    """The control: the same text as it came leads the browser to the attacker's host."""
    remember(workspace, ["hostile", "control"], "\n\n".join([HOSTILE] * 5))
    seen = watched(browser, dev.address)
    # Refused by us: then it has been noted, too.
    with seen.page.expect_event("requestfailed", lambda request: "evil" in request.url):
        seen.told("hostile/control")
    assert [] != [url for url in seen.outside if "evil" in url]
    seen.page.close()


@pytest.fixture(scope="module")
def compared(workspace: Project) -> Path:
    """The page of a comparison, as the command writes it."""
    file = workspace.folder / "out" / "comparison.html"
    done = workspace.call("compare", "v2", "v3", "--format", "html", "--out", str(file))
    assert file.exists(), done.stderr
    return file


def test_the_pages_of_a_run_are_read_without_a_network(
    browser: Browser, workspace: Project, compared: Path, picture: Picture
) -> None:
    """A handoff, the last report and a comparison say what they are for, and ask for nothing."""
    report = max((workspace.folder / "out" / "kpis").glob("*.html"))
    pages = {
        workspace.folder / "out" / "handoffs" / f"{RELEASE}.html": "Roll back the release",
        report: "What changed",
        compared: "changed",
    }
    for file, words in pages.items():
        seen = watched(browser, file.as_uri())
        page = seen.open("")
        assert words.lower() in page.locator("body").inner_text().lower(), file
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        picture(page, f"page-{file.parent.name}-{file.stem}")
        page.close()
        assert ([], []) == (seen.outside, seen.dialogs)
