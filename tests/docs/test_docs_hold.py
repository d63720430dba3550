"""What the documentation points to exists, and it names nothing of the machine it was written on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main
from commands_page import commands_page
from markdown_it import MarkdownIt
from markdown_it.token import Token

from pipelines.cli import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

# Absolute paths of a machine, and words that stand for unfinished text.
FORBIDDEN = re.compile(
    r"(?<![\w.:])/(?:work|home|root|tmp|Users)/|\b(?:TODO|TBD|FIXME)\b|lorem ipsum|to be written|coming soon",
    re.IGNORECASE,
)
FIRST_PERSON_OF_A_BUILD = re.compile(
    r"\bissue #?\d|\bpull request #?\d|\bthe lead\b|\bhelper\b", re.IGNORECASE
)


def tokens(page: Path) -> list[Token]:
    """All tokens of the page, inline ones too."""
    found: list[Token] = []
    for token in MarkdownIt().enable("table").parse(page.read_text()):
        found.append(token)
        found += token.children or []
    return found


def anchors(page: Path) -> set[str]:
    """The heading anchors that GitHub gives the page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", NAMES)
def test_every_relative_link_leads_somewhere(name) -> None:
    """Links and pictures name files that exist, and headings that are there."""
    page = ROOT / name
    broken = []
    for token in tokens(page):
        target = token.attrGet("href") or token.attrGet("src")
        if target is None or re.match(r"[a-z]+:", str(target)):
            continue
        path, _, anchor = str(target).partition("#")
        file = (page.parent / path) if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert [] == broken


@pytest.mark.parametrize("name", NAMES)
def test_no_page_names_the_machine_or_is_unfinished(name) -> None:
    """Neither absolute paths nor unfinished text, nor the story of how it was built."""
    text = (ROOT / name).read_text()
    assert [] == [
        match.group() for rule in (FORBIDDEN, FIRST_PERSON_OF_A_BUILD) for match in rule.finditer(text)
    ]


@pytest.mark.parametrize(
    "name", [name for name in NAMES if name.startswith("docs/") and name != "docs/README.md"]
)
def test_every_page_of_docs_is_in_the_index(name) -> None:
    """docs/README.md leads to every page below docs/."""
    index = ROOT / "docs/README.md"
    linked = {
        (index.parent / str(token.attrGet("href")).partition("#")[0]).resolve()
        for token in tokens(index)
        if token.attrGet("href")
    }
    assert ROOT / name in linked


def shown_commands() -> list[tuple[str, str]]:
    """Every `evidence …` and `make …` line in a code block, with its page."""
    return [
        (str(page.relative_to(ROOT)), match)
        for page in PAGES
        for token in tokens(page)
        if token.type in ("fence", "code_inline")
        for match in re.findall(r"^\$? ?((?:evidence|make) [a-z][^\n#]*)", token.content, re.MULTILINE)
    ]


@pytest.fixture(scope="module")
def known() -> dict[str, set[str]]:
    """The commands of the command line and the targets of the Makefile."""
    group: Any = typer.main.get_command(app)
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return {"evidence": set(group.commands), "make": set(targets)}


@pytest.mark.golden
def test_the_page_of_commands_follows_from_the_command_line(golden) -> None:
    """docs/reference/commands.md is what the command line declares."""
    golden("docs/reference/commands.md", commands_page(app))


def test_every_command_shown_exists(known) -> None:
    """`evidence X` and `make X` in the docs are commands and targets."""
    shown = shown_commands()
    assert shown
    wrong = [(page, line) for page, line in shown if line.split()[1] not in known[line.split()[0]]]
    assert [] == wrong


def test_every_command_is_documented(known) -> None:
    """Each command of `evidence` has a section in docs/reference/commands.md."""
    text = (ROOT / "docs/reference/commands.md").read_text()
    assert [] == [command for command in sorted(known["evidence"]) if f"## evidence {command}" not in text]
