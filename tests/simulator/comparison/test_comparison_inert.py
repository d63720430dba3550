"""Hostile text in every field of a comparison stays text in all formats."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.cells import cell_len

from simulator.comparison.model import Comparison
from simulator.comparison.rendering import FORMATS, chart_svg, metadata_markdown, render
from simulator.comparison.rendering.identifiers import html, markdown
from tests.handoff.test_handoff_inert import HOSTILE, Page

from ..comparisons import comparison, with_text_everywhere

SECRET = "ghp_" + "A1b2C3d4" * 5
TAGS = frozenset(
    (
        *("html", "head", "meta", "title", "style", "body", "main", "header", "section", "article", "div"),
        *("h1", "h2", "h3", "p", "q", "a", "b", "small", "code", "span", "del", "ins", "details", "summary"),
        *("dl", "dt", "dd", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"),
        *("svg", "text", "rect", "line", "circle"),
    )
)
# What our Markdown writes as HTML itself; no text that is not ours ever stands in it.
OWN_HTML = re.compile(
    r"</?details>|<summary>|</summary>|<br>|<details><summary>[A-Za-z0-9 :;,.]*</summary>", re.ASCII
)


@pytest.fixture(scope="module")
def hostile() -> Comparison:
    """A comparison whose every text is hostile."""
    return with_text_everywhere(comparison(), HOSTILE)


@pytest.fixture(scope="module")
def page(hostile: Comparison) -> Page:
    """The parsed HTML page."""
    return parsed(render(hostile, "html"))


def parsed(content: str) -> Page:
    found = Page()
    found.feed(content)
    found.close()
    return found


def tokens(text: str, *, may_hold_html: bool = True) -> list[Token]:
    renderer = MarkdownIt("commonmark", {"html": may_hold_html}).enable(["table", "strikethrough"])
    listed = renderer.parse(text)
    return [child for token in listed for child in (token, *(token.children or ()))]


def test_every_field_that_takes_text_is_hostile(hostile: Comparison) -> None:
    """So that the tests below look at all of them."""
    text = json.dumps(hostile.model_dump(mode="json"))
    assert text.count("javascript:alert") > 130
    assert hostile.changed[0].title == hostile.clauses[0].id == hostile.baseline.name


def test_the_page_has_no_element_but_its_own(page: Page) -> None:
    """No script, image, frame or form, and all that was opened is closed."""
    assert set(page.tags) <= TAGS
    assert [] == page.open


def test_the_page_has_no_handler_and_leads_nowhere_else(page: Page) -> None:
    """No on… attribute, no style attribute; links lead to the page's own changes."""
    names = {name for name, _ in page.attributes}
    assert not {name for name in names if name.startswith("on") or name in ("style", "src", "srcset")}
    addresses = [value or "" for name, value in page.attributes if name in ("href", "xlink:href")]
    assert ["#change-1", "#change-2", "#change-3"] == addresses


def test_a_hostile_page_has_the_same_elements_as_a_harmless_one(page: Page) -> None:
    """Nothing hostile adds one or closes any."""
    harmless = parsed(render(with_text_everywhere(comparison(), "some words"), "html"))
    assert harmless.tags == page.tags


def test_the_pages_policy_lets_in_its_own_style_alone(hostile: Comparison) -> None:
    """default-src 'none' and one hash, which is that of the style sheet in the page."""
    content = render(hostile, "html")
    style = content.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = content.partition('Content-Security-Policy" content="')[2].partition('"')[0]
    assert f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'" == policy
    assert 1 == content.count("<style>")


def test_the_hostile_text_is_shown_as_text(page: Page) -> None:
    """It is evidence, and stays readable."""
    assert "<script>alert(1)</script>" in "".join(page.text)


@pytest.mark.parametrize("write", [lambda made: render(made, "markdown"), metadata_markdown])
def test_markdown_holds_no_foreign_link_image_or_html(hostile: Comparison, write) -> None:
    """The only HTML folds sections in, the only picture is our own chart."""
    listed = tokens(write(hostile))
    assert not {token.type for token in listed} & {"link_open", "code_block", "fence"}
    found = [line for token in listed if token.type in ("html_block", "html_inline") for line in lines(token)]
    assert [] == [line for line in found if not OWN_HTML.fullmatch(line)]
    assert not [token for token in listed if token.type == "image"]
    assert 1 == sum(token.type == "heading_open" and token.tag == "h2" for token in listed)


def lines(token: Token) -> list[str]:
    return [line for line in token.content.splitlines() if line]


def test_markdown_keeps_its_structure(hostile: Comparison) -> None:
    """The same headings, tables, lists and rules as with harmless text."""
    kinds = ("heading_open", "tr_open", "td_open", "list_item_open", "hr", "blockquote_open", "html_block")
    expected = [token.type for token in tokens(render(comparison(), "markdown")) if token.type in kinds]
    assert expected == [token.type for token in tokens(render(hostile, "markdown")) if token.type in kinds]


def test_markdown_mentions_nobody_outside_code(hostile: Comparison) -> None:
    """Mentions and bare addresses act even when escaped, so that they stand in code spans only."""
    texts = [token.content for token in tokens(render(hostile, "markdown")) if token.type == "text"]
    assert not [text for text in texts if "@everyone" in text or "evil.example" in text]


@pytest.mark.parametrize("output_format", FORMATS)
def test_no_format_holds_a_character_that_hides_or_moves_text(
    hostile: Comparison, output_format: str
) -> None:
    """Escape sequences and bidirectional marks are written out, in JSON too."""
    content = render(hostile, output_format)
    assert not set("\x1b\u202e\u200b\r\x00") & set(content)
    assert "⟨U+202E⟩" in content
    assert "\\u001b" not in content


@pytest.mark.parametrize("output_format", FORMATS)
def test_no_format_holds_a_secret(output_format: str) -> None:
    """Whatever holds a token is shown without it, and says what was taken out."""
    content = render(with_text_everywhere(comparison(), f"with {SECRET} in it"), output_format)
    assert SECRET not in content
    assert "redacted: GitHub token" in content


def test_text_is_one_line_a_line_whatever_it_holds(hostile: Comparison) -> None:
    """No foreign line end, and nothing beyond the margin."""
    text = render(hostile, "text")
    assert max(cell_len(line) for line in text.splitlines()) <= 110
    assert "\n# Heading" not in text


def test_the_chart_is_well_formed_with_hostile_names(hostile: Comparison) -> None:
    """No element but its own, and every name is text."""
    root = ElementTree.fromstring(chart_svg(hostile))
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert {"svg", "style", "rect", "text", "line", "circle"} == tags
    names = {name for element in root.iter() for name in element.attrib}
    assert not {name for name in names if name.startswith("on") or "href" in name}


@settings(max_examples=25)
@given(st.text(min_size=1, max_size=80))
def test_any_text_gives_a_whole_page_chart_and_document(text: str) -> None:
    """Including characters that XML does not know."""
    made = with_text_everywhere(comparison(), text)
    assert [] == parsed(render(made, "html")).open
    ElementTree.fromstring(chart_svg(made))
    json.loads(render(made, "json"))
    assert max(cell_len(line) for line in render(made, "text").splitlines()) <= 110
    listed = tokens(render(made, "markdown"))
    assert not {token.type for token in listed} & {"link_open", "image", "code_block", "fence", "hr"}


WORDS = st.text(alphabet="ab_ .,;:()'+-0@`*<>&|#[]“”")


@given(WORDS)
def test_markdown_of_any_sentence_is_text_and_code(sentence: str) -> None:
    """Names in code, everything else as it reads."""
    renderer = MarkdownIt("commonmark", {"html": True}).enable("strikethrough")
    listed = renderer.parseInline(f"x {markdown(sentence)}")
    assert {child.type for child in listed[0].children or ()} <= {"text", "code_inline", "softbreak"}


@given(WORDS)
def test_html_of_any_sentence_has_only_quotes_and_code_as_tags(sentence: str) -> None:
    """Everything else is escaped."""
    assert set(parsed(str(html(sentence))).tags) <= {"q", "code"}


def test_names_in_a_sentence_are_set_as_code() -> None:
    """Actions and roles, and nothing else."""
    sentence = "drain_node asks app_owner (once)."
    assert "`drain_node` asks `app_owner` (once)." == markdown(sentence)
    assert "<code>drain_node</code> asks <code>app_owner</code> (once)." == html(sentence)
