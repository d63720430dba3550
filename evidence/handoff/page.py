"""Renders a package as one self-contained HTML page: no script, no request, for screen, phone and print."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from evidence.handoff.inert import html
from evidence.handoff.model import Fact, Figure, Package
from evidence.handoff.phrases import (
    NOTHING_UNKNOWN,
    as_of_words,
    more_words,
    options_note,
    policy_lines,
    shown_facts,
)
from evidence.handoff.words import (
    MODE_WORDS,
    arrived_late,
    counted,
    flag_words,
    lower_first,
    role_words,
    source_name,
)

# Id and title of the sections that a reader jumps to.
SECTIONS = (
    ("unknowns", "Unknowns"),
    ("options", "Options"),
    ("proposal", "Proposal"),
    ("then", "If … then …"),
    ("timeline", "Timeline"),
    ("facts", "Facts"),
    ("record", "Record"),
    ("evidence", "Evidence"),
)
# A list that is longer is folded on screens: what is urgent stands before it, and print shows it all.
OPEN_MAX = 10
_FOLDER = Path(__file__).parent / "templates"


def render_html(package: Package) -> str:
    """The page. Every value is escaped; the policy in its head lets in its own style sheet alone."""
    style = style_sheet()
    page = _environment().get_template("handoff.html.j2")
    return page.render(package=package, style=Markup(style), style_hash=csp_hash(style)) + "\n"


@cache
def style_sheet() -> str:
    """The style that all pages share; a page of another kind puts its own behind it."""
    return (_FOLDER / "handoff.css").read_text(encoding="utf-8")


def csp_hash(style: str) -> str:
    """The source expression by which the page's own style sheet, and no other, is let in."""
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def page_environment(folder: Path) -> Environment:
    """What templates in the folder are filled in with: every value escaped, none missed in silence."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _environment() -> Environment:
    environment = page_environment(_FOLDER)
    environment.filters |= {
        "sentence": html,
        "words": role_words,
        "source": source_name,
        "flag": flag_words,
        "lower_first": lower_first,
        "clock": _clock,
        "day": _day,
        "bar": _bar,
    }
    environment.filters["groupby_order"] = _grouped
    environment.globals |= {
        "arrived_late": arrived_late,
        "as_of_words": as_of_words,
        "more_words": more_words,
        "nothing_unknown": NOTHING_UNKNOWN,
        "open_max": OPEN_MAX,
        "options_note": options_note,
        "policy_lines": policy_lines,
        "sections": SECTIONS,
        "shown_facts": shown_facts,
        "counted": counted,
        "mode_words": MODE_WORDS,
    }
    return environment


def _grouped(items: Iterable[Fact], attribute: str) -> list[tuple[str, list[Fact]]]:
    """Items by an attribute, groups in the order in which they first occur."""
    found: dict[str, list[Fact]] = {}
    for item in items:
        found.setdefault(getattr(item, attribute), []).append(item)
    return list(found.items())


def _clock(moment: str) -> str:
    """The time of day of an RFC 3339 text, to the second; the day and fraction are in its title."""
    return moment[11:19]


def _day(moment: str) -> str:
    return moment[:10]


def _bar(figure: Figure) -> int:
    """How much of the figure's own scale is filled, in twentieths."""
    return 0 if figure.value is None else figure.value * 20 // figure.maximum
