"""Text is laid out for the terminal that it is read in."""

from __future__ import annotations

import io
import sys

import pytest

from pipelines.cli.wrapping import WIDTH_MAX, WIDTH_MIN, fitted, line_width, wrapped

LONG = "word " * 60


@pytest.mark.parametrize(
    ("columns", "width"), [("60", 60), ("500", WIDTH_MAX), ("1", WIDTH_MIN), ("x", WIDTH_MAX)]
)
def test_lines_are_as_wide_as_the_terminal(monkeypatch: pytest.MonkeyPatch, columns: str, width: int) -> None:
    """Within what can be read; nothing is lost."""
    monkeypatch.setenv("COLUMNS", columns)
    lines = wrapped(f"{LONG}\n").splitlines()
    assert width - len("word ") < max(map(len, lines)) <= width
    assert LONG.split() == " ".join(lines).split()


def test_an_item_hangs_below_its_own_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the eye finds the next one; short and empty lines stay as they are."""
    monkeypatch.setenv("COLUMNS", "40")
    lines = wrapped(f"# Title\n\n- {LONG}\n  - {LONG}\n").splitlines()
    assert ["# Title", "", "- word"] == [*lines[:2], lines[2][:6]]
    nested = next(at for at, line in enumerate(lines) if line.startswith("  - "))
    assert {"  word"} == {line[:6] for line in lines[3:nested]}
    assert {"    word"} == {line[:8] for line in lines[nested + 1 :]}


def test_a_long_name_stands_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever copies it gets all of it; a hyphen is part of it."""
    monkeypatch.setenv("COLUMNS", "40")
    name = "very-long-name-" * 5
    assert name in wrapped(f"- on {name} and more\n")


def test_the_rest_of_a_tables_line_hangs_deeper_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the next entry is seen; where there is no terminal each entry is one line."""
    line = "  playbook.yaml:445     " + "word " * 20
    monkeypatch.setenv("COLUMNS", "60")
    first, *others = fitted(line).splitlines()
    assert first.startswith("  playbook.yaml:445     word")
    assert {"      word"} == {each[:10] for each in others}
    assert max(map(len, (first, *others))) <= 60
    monkeypatch.delenv("COLUMNS")
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert (line, WIDTH_MAX) == (fitted(line), line_width())
