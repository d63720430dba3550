"""Which package Dagster shows for all of them, and how much of it."""

from __future__ import annotations

import json

import pytest

from evidence.handoff import metadata_markdown
from evidence.handoff.metadata import LENGTH_MAX
from evidence.handoff.model import Package
from evidence.handoff.ticket import markdown_sections, render_markdown

from .inert_pages import acting_texts, foreign_tokens, hidden_characters, tokens
from .made import handed_over, made
from .recorded import INCIDENTS, package, recorded_handoffs
from .test_handoff_inert import HOSTILE, LINKS_OF_OURS


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """The gravest of packages whose every text is hostile."""
    found = handed_over(made(tmp_path_factory.mktemp("root"), HOSTILE)).gravest
    assert found is not None
    return found


def test_the_gravest_is_shown() -> None:
    """No other recorded incident is of higher severity, nor of higher impact at the same."""
    handoffs = recorded_handoffs()
    assert handoffs.gravest is not None

    def gravity(found: dict[str, object]) -> tuple[int, ...]:
        figures = json.loads(json.dumps([found["severity"], found["impact"]]))
        return tuple(figure["value"] or 0 for figure in figures)

    highest = max(gravity(package(handoffs, name)) for name in INCIDENTS)
    assert highest == gravity(handoffs.gravest.model_dump(mode="json"))


@pytest.mark.parametrize("name", INCIDENTS)
def test_a_recorded_package_is_shown_whole(name: str) -> None:
    """None of them is too long."""
    found = Package.model_validate_json(json.dumps(package(recorded_handoffs(), name)))
    assert render_markdown(found) == metadata_markdown(found)
    assert len(metadata_markdown(found)) <= LENGTH_MAX


@pytest.mark.parametrize("length_max", [0, 3_000, 10_000, LENGTH_MAX])
def test_what_is_shown_is_inert_wherever_it_is_cut(hostile: Package, length_max: int) -> None:
    """No foreign link, image, HTML or mention; it ends between sections, and says where the rest is."""
    text = metadata_markdown(hostile, length_max)
    found = tokens(text.encode())
    assert [] == foreign_tokens(found, LINKS_OF_OURS)
    assert [] == acting_texts(found)
    assert set() == hidden_characters(text.encode())
    shown = next(
        count
        for count in range(len(markdown_sections(hostile)), 0, -1)
        if text.startswith("\n\n".join(markdown_sections(hostile)[:count]))
    )
    left = len(markdown_sections(hostile)) - shown
    assert (f"Shortened: {left} further sections" in text) is (left > 0)
    assert shown == 1 or len(text) <= length_max + 200


def test_the_control_without_escaping_is_not_inert() -> None:
    """The same check finds what the text would do if it were written as it is."""
    assert [] != foreign_tokens(tokens(f"{HOSTILE}\n".encode()), LINKS_OF_OURS)
