"""Hostile text in every field of every incident stays text, in the page and in Markdown."""

from __future__ import annotations

import base64
import hashlib

import pytest

from evidence.report import Report, metadata_markdown, render_html, render_markdown
from tests.handoff.inert_pages import (
    Page,
    acting_texts,
    foreign_addresses,
    foreign_tokens,
    hidden_characters,
    parsed,
    tokens,
)
from tests.handoff.test_handoff_inert import HOSTILE

from .made import SECOND, Made, at, reported
from .pages import foreign_elements

WEEK, TUESDAY = "2026-W10", at("2026-03-03T09:00")
OURS = ("../handoffs/", "https://incidents.example.com/", "https://logs.example.com/")


def hostile_report() -> Report:
    """A week whose every text is hostile, one incident of it late."""
    late = TUESDAY + 10 * 86_400 * SECOND
    return reported(
        [
            Made(
                f"inc-{number} {HOSTILE}",
                TUESDAY + number * SECOND,
                incident_type=HOSTILE,
                states=((late if number else TUESDAY, HOSTILE, 5),),
                title=HOSTILE,
                environment=HOSTILE,
                outcome=HOSTILE,
                signal=HOSTILE,
            )
            for number in range(2)
        ],
        WEEK,
    )


@pytest.fixture(scope="module")
def report() -> Report:
    """The hostile week."""
    return hostile_report()


@pytest.fixture(scope="module")
def page(report: Report) -> Page:
    """The parsed page."""
    return parsed(render_html(report).encode())


def test_the_page_has_no_element_but_its_own(page: Page) -> None:
    """No script, image, frame or form; no handler, no style attribute; all that was opened is closed."""
    assert set() == foreign_elements(page)


def test_links_lead_to_handoffs_and_to_the_hosts_of_the_settings(page: Page) -> None:
    """The name of an incident cannot leave its place in an address."""
    assert [] == foreign_addresses(page, OURS)
    pages = [value or "" for name, value in page.attributes if name == "href" and "handoffs" in (value or "")]
    assert pages
    assert all(each.count("/") == 2 and each.endswith(".html") for each in pages)


def test_the_policy_lets_in_the_pages_own_style_alone(report: Report) -> None:
    """default-src 'none' and one hash, which is that of the only style sheet."""
    content = render_html(report)
    style = content.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = content.partition('Content-Security-Policy" content="')[2].partition('"')[0]
    assert f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'" == policy
    assert 1 == content.count("<style>")


def test_the_hostile_text_is_shown_as_text(page: Page) -> None:
    """A service may be called anything; it is told."""
    assert "<script>alert(1)</script>" in "".join(page.text)


@pytest.mark.parametrize("may_hold_html", [True, False])
def test_markdown_holds_no_foreign_link_image_or_html(report: Report, may_hold_html: bool) -> None:
    """Whatever renders it."""
    found = tokens(render_markdown(report).encode(), may_hold_html)
    assert [] == foreign_tokens(found, OURS)
    assert [] == acting_texts(found)


def test_headings_are_ours(report: Report) -> None:
    """A line of a title is no heading."""
    lines = render_markdown(report).splitlines()
    assert not [line for line in lines if line.startswith("#") and "Heading" in line]


def test_no_character_hides_or_moves_text(report: Report) -> None:
    """In neither format."""
    for content in (render_html(report), render_markdown(report)):
        assert set() == hidden_characters(content.encode())


def test_pictures_for_dagster_hold_no_script(report: Report) -> None:
    """The only images are ours, and what they name is escaped."""
    said = metadata_markdown(report)
    pictures = [part.partition(")")[0] for part in said.split("data:image/svg+xml;base64,")[1:]]
    assert 6 == len(pictures)
    assert not any(b"<script" in base64.b64decode(each).lower() for each in pictures)
