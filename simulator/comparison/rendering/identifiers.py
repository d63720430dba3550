"""Sets the names of actions, roles and columns in our own sentences as code, and keeps all the rest inert."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markupsafe import Markup, escape

from evidence.handoff import inert

_IDENTIFIER = re.compile(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b")
# Sentences of plain words alone are looked at; in all others every character is escaped as it is.
_PLAIN = re.compile(r"[A-Za-z0-9_ .,;:()'+-]*")


def markdown(sentence: str) -> str:
    """The sentence as Markdown: text and code spans, whatever it holds."""
    if not _PLAIN.fullmatch(sentence):
        return inert.markdown(sentence)
    return "".join(
        inert.code_span(part) if is_name else inert.markdown(part) for part, is_name in _parts(sentence)
    )


def html(sentence: str) -> Markup:
    """The sentence as HTML: everything escaped, names as `<code>`."""
    if not _PLAIN.fullmatch(sentence):
        return inert.html(sentence)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if is_name else escape(part)
        for part, is_name in _parts(sentence)
    )


def _parts(sentence: str) -> Iterator[tuple[str, bool]]:
    end = 0
    for match in _IDENTIFIER.finditer(sentence):
        if match.start() > end:
            yield sentence[end : match.start()], False
        yield match[0], True
        end = match.end()
    if end < len(sentence):
        yield sentence[end:], False
