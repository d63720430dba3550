"""Marks text that is not ours inside our sentences, and keeps it inert in Markdown and HTML.

A sentence holds foreign text between “ and ” (`quote`). In Markdown such a part becomes a code span: nothing
in a code span is a link, an image, HTML, a heading or a mention, whatever renders it. In HTML it is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from markupsafe import Markup, escape

from evidence.redaction import shown

OPEN, CLOSE = "“", "”"
_QUOTED = re.compile(f"{OPEN}([^{CLOSE}]*){CLOSE}")
_MARKDOWN_PUNCTUATION = re.compile(r"([\\`*_\[\]<>|~#!&{}])")
# Linked by many renderers even when escaped, so that it goes into a code span.
_AUTOLINKED = re.compile(r"@|://|www\.|#\d|\bGH-\d|\bmailto:", re.IGNORECASE)


def quote(text: object, length_max: int = 400) -> str:
    """Foreign text, redacted and visible, between the marks that keep it apart from ours."""
    plain = shown(str(text), length_max).replace(OPEN, '"').replace(CLOSE, '"')
    return f"{OPEN}{plain}{CLOSE}"


def own_words(sentence: str) -> str:
    """The sentence without what it quotes."""
    return _QUOTED.sub(f"{OPEN}{CLOSE}", sentence)


def markdown(sentence: str) -> str:
    """The sentence as Markdown in which nothing but our own words can mean anything."""
    return "".join(
        code_span(text) if is_quoted else _markdown_words(text) for text, is_quoted in _parts(sentence)
    )


def code_span(text: str) -> str:
    """The text as a code span whose fence it cannot close; a pipe is escaped for tables."""
    flat = re.sub(r"\s+", " ", text).replace("|", "\\|")
    fence = "`" * (max((len(run) for run in re.findall("`+", flat)), default=0) + 1)
    padding = " " if flat.startswith("`") or flat.endswith("`") or not flat.strip() else ""
    return f"{fence}{padding}{flat or ' '}{padding}{fence}"


def code_block(text: str, language: str = "") -> str:
    """The text as a fenced block whose fence it cannot close."""
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    body = text if text.endswith("\n") else f"{text}\n"
    return f"{fence}{language}\n{body}{fence}"


def html(sentence: str) -> Markup:
    """The sentence as HTML: everything escaped, quoted parts as `<q>`."""
    parts = (
        Markup("<q>{}</q>").format(text) if is_quoted else escape(text)
        for text, is_quoted in _parts(sentence)
    )
    return Markup("").join(parts)


def _parts(sentence: str) -> Iterator[tuple[str, bool]]:
    end = 0
    for match in _QUOTED.finditer(sentence):
        if match.start() > end:
            yield sentence[end : match.start()], False
        yield match[1], True
        end = match.end()
    if end < len(sentence):
        yield sentence[end:], False


def _markdown_words(text: str) -> str:
    if _AUTOLINKED.search(text):
        return code_span(text)
    return _MARKDOWN_PUNCTUATION.sub(r"\\\1", re.sub(r"\s+", " ", text))
