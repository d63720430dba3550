"""Owns what a reader's program would find in a handoff's page and Markdown beside our own words."""

from __future__ import annotations

from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.token import Token

VOID = {"meta", "br"}
TAGS = frozenset(
    (
        *(
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "main",
            "header",
            "nav",
            "section",
            "div",
            "span",
        ),
        *("h1", "h2", "h3", "p", "q", "a", "b", "i", "br", "small", "time", "pre", "code", "span"),
        *("details", "summary"),
        *("dl", "dt", "dd", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"),
    )
)


class Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember the tag."""
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Every tag closes the one opened last: nothing of a hostile text closes ours."""
        assert tag == self.open.pop()

    def handle_data(self, data: str) -> None:
        """Remember the text."""
        self.text.append(data)


def parsed(page: bytes) -> Page:
    """The page as a browser takes it."""
    found = Page()
    found.feed(page.decode())
    found.close()
    return found


def foreign_elements(page: Page) -> set[str]:
    """Elements and attributes that we never write, and what was opened and not closed."""
    names = {name for name, _ in page.attributes}
    acting = {name for name in names if name.startswith("on") or name in ("style", "src", "srcset")}
    return (set(page.tags) - TAGS) | acting | set(page.open)


def foreign_addresses(page: Page, ours: tuple[str, ...] = ()) -> list[str]:
    """Links that lead neither into the page nor to the settings' hosts."""
    addresses = [value or "" for name, value in page.attributes if name == "href"]
    places = {f"#{value}" for name, value in page.attributes if name == "id"}
    return [each for each in addresses if each not in places and not (ours and each.startswith(ours))]


def tokens(markdown: bytes, may_hold_html: bool = True) -> list[Token]:
    """All tokens of the Markdown, those within lines too."""
    renderer = MarkdownIt("commonmark", {"html": may_hold_html}).enable(["table", "strikethrough"])
    found = renderer.parse(markdown.decode())
    return [child for token in found for child in (token, *(token.children or ()))]


def foreign_tokens(found: list[Token], ours: tuple[str, ...] = ()) -> list[str]:
    """Markup that we never write, and links that do not lead to the settings' hosts."""
    kinds = {token.type for token in found} & {"html_inline", "html_block", "image", "code_block"}
    links = [str(token.attrs["href"]) for token in found if token.type == "link_open"]
    return sorted(kinds) + [link for link in links if not (ours and link.startswith(ours))]


def acting_texts(found: list[Token]) -> list[str]:
    """Texts outside code that mention people or hold a bare address: those act even when escaped."""
    texts = [token.content for token in found if token.type == "text"]
    return [text for text in texts if "@everyone" in text or "evil.example" in text]


def hidden_characters(content: bytes) -> set[str]:
    """Characters that move, hide or end text."""
    return set("\x00\x07\x08\r\x1b\x9b\u061c\u200b\u200f\u2028\u202a\u202e\u2066\ufeff\ufffe") & set(
        content.decode()
    )
