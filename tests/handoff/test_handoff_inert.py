"""Hostile text in every field stays text in all three formats."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from evidence.anchors import value_sha256
from evidence.handoff import Handoffs
from evidence.handoff.inert import code_block, code_span, html, markdown, own_words, quote

from .inert_pages import (
    Page,
    acting_texts,
    foreign_addresses,
    foreign_elements,
    foreign_tokens,
    hidden_characters,
    parsed,
    tokens,
)
from .made import SHELL, handed_over, made

HOSTILE = (
    "”</q></pre></title></style><script>alert(1)</script><img src=x onerror=alert(1)>"
    "[click](javascript:alert(1)) ![pixel](https://evil.example/p.png) <https://evil.example/auto>"
    " ` `` ``` ~~~ | **bold** @everyone https://evil.example/bare www.evil.example #1 &lt; {{7*7}}"
    " \x1b[31m\u202e\u200bhidden\r\n# Heading\n- [ ] item\n```\n\"'${evil}%{evil}\\"
)
LINKS_OF_OURS = ("https://incidents.example.com/", "https://logs.example.com/", "https://argocd.example.com/")


@pytest.fixture(scope="module")
def handoffs(tmp_path_factory: pytest.TempPathFactory) -> Handoffs:
    """Packages of incidents whose every text is hostile."""
    return handed_over(made(tmp_path_factory.mktemp("root"), HOSTILE))


@pytest.fixture(scope="module")
def page(handoffs: Handoffs) -> Page:
    """The parsed HTML page."""
    return parsed(handoffs.files[f"handoffs/{SHELL}.html"])


def test_the_page_has_no_element_but_its_own(page: Page) -> None:
    """No script, image, frame or form, and all that was opened is closed."""
    assert set() == foreign_elements(page)


def test_the_page_has_no_handler_and_no_foreign_address(page: Page) -> None:
    """No on… attribute, no style attribute; links lead into the page or to the settings' hosts."""
    assert [] == foreign_addresses(page, LINKS_OF_OURS)
    assert [] != [value for name, value in page.attributes if name == "href"]


def test_the_pages_policy_lets_in_its_own_style_alone(handoffs: Handoffs) -> None:
    """default-src 'none' and one hash, which is that of the style sheet in the page."""
    content = handoffs.files[f"handoffs/{SHELL}.html"].decode()
    style = content.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = content.partition('Content-Security-Policy" content="')[2].partition('"')[0]
    assert f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'" == policy


def test_the_hostile_text_is_shown_as_text(page: Page) -> None:
    """It is evidence, and stays readable."""
    assert "<script>alert(1)</script>" in "".join(page.text)


@pytest.mark.parametrize("may_hold_html", [True, False])
def test_markdown_holds_no_foreign_link_image_or_html(handoffs: Handoffs, may_hold_html: bool) -> None:
    """Whether or not the renderer takes HTML; headings and lists are only ours."""
    found = tokens(handoffs.files[f"handoffs/{SHELL}.md"], may_hold_html)
    assert [] == foreign_tokens(found, LINKS_OF_OURS)
    assert "link_open" in {token.type for token in found}
    assert 1 == sum(token.type == "heading_open" and token.tag == "h1" for token in found)
    assert 1 == sum(token.type == "fence" for token in found)


def test_markdown_mentions_nobody_outside_code(handoffs: Handoffs) -> None:
    """Mentions and bare addresses act even when escaped, so that they stand in code spans only."""
    assert [] == acting_texts(tokens(handoffs.files[f"handoffs/{SHELL}.md"]))


def test_no_file_holds_a_character_that_hides_or_moves_text(handoffs: Handoffs) -> None:
    """Escape sequences and bidirectional marks are written out, in JSON too."""
    for name, content in handoffs.files.items():
        assert set() == hidden_characters(content), name
    assert "⟨U+202E⟩" in handoffs.files[f"handoffs/{SHELL}.md"].decode()


def test_every_hostile_field_of_the_json_is_one_line(handoffs: Handoffs) -> None:
    """What a log writer lays out does not lay out ours; the proposal and its draft are ours."""
    package = json.loads(handoffs.files[f"handoffs/{SHELL}.json"])
    package["proposal"]["text"] = ""
    for request in package["proposal"]["requests"]:
        request["text"] = ""

    def texts(value: object) -> list[str]:
        if isinstance(value, dict):
            return [text for item in value.values() for text in texts(item)]
        if isinstance(value, list):
            return [text for item in value for text in texts(item)]
        return [value] if isinstance(value, str) else []

    assert not [text for text in texts(package) if "\n" in text]


def test_claims_of_hostile_text_still_prove(tmp_path: Path) -> None:
    """Digests are of the raw values, whatever is shown of them."""
    world = made(tmp_path, HOSTILE)
    package = json.loads(handed_over(world).files[f"handoffs/{SHELL}.json"])
    for claim in package["claims"]:
        anchor = claim["anchor"]
        record = (tmp_path / anchor["path"]).read_bytes()
        assert anchor["value_sha256"] == value_sha256(record, anchor["pointer"], anchor["encoding"])


@given(st.text())
def test_any_text_in_a_code_span_is_one_code_span(text: str) -> None:
    """A span whose fence its content cannot close."""
    spans = MarkdownIt("commonmark").parseInline(f"a {code_span(text)} b")
    kinds = [child.type for child in spans[0].children or ()]
    assert ["text", "code_inline", "text"] == kinds


@given(st.text())
def test_any_text_in_a_code_block_is_one_code_block(text: str) -> None:
    """A fence that its content cannot close."""
    blocks = MarkdownIt("commonmark").parse(f"{code_block(text)}\n\nafter\n")
    assert ["fence", "paragraph_open", "inline", "paragraph_close"] == [token.type for token in blocks]


@given(st.text(min_size=1))
def test_a_quote_cannot_be_left(text: str) -> None:
    """Whatever is quoted, our own words are what stands around it."""
    assert "Falco says “”." == own_words(f"Falco says {quote(text)}.")


@given(st.text(alphabet="<>&\"'`|[]()!*_~#@:/. abc“”"))
def test_html_of_any_sentence_has_only_quotes_as_tags(text: str) -> None:
    """Everything else is escaped."""
    assert set(parsed(str(html(text)).encode("utf-8", "replace")).tags) <= {"q"}


@given(st.text(alphabet="<>&\"'`|[]()!*_~#@:/.\\ abc“”"))
def test_markdown_of_any_sentence_is_text_and_code(text: str) -> None:
    """No emphasis, link, image or HTML comes of it."""
    inline = (
        MarkdownIt("commonmark", {"html": True}).enable("strikethrough").parseInline(f"x {markdown(text)}")
    )
    kinds = {child.type for child in inline[0].children or ()}
    assert kinds <= {"text", "code_inline", "softbreak"}
