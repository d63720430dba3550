"""Owns what a reader's program finds in a report's page, beside what pages of handoffs may hold."""

from __future__ import annotations

from tests.handoff.inert_pages import TAGS, Page

OURS = TAGS | {"figure", "figcaption", "svg", "g", "path", "circle", "rect", "text", "desc"}
ACTING = ("style", "src", "srcset", "xlink:href")


def foreign_elements(page: Page) -> set[str]:
    """Elements and attributes that we never write, and what was opened and not closed."""
    names = {name for name, _ in page.attributes}
    acting = {name for name in names if name.startswith("on") or name in ACTING}
    return (set(page.tags) - OURS) | acting | set(page.open)
