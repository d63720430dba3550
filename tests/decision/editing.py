"""Makes copies of playbook versions in which one figure is another one."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evidence.errors import PlaybookError
from evidence.strict_yaml import load_yaml

from .deciding import PLAYBOOKS

Path_ = tuple[str | int, ...]
LARGE_STEP = 40  # points, percent or levels: far beyond what an edit means
_FIGURE = re.compile(r"(?<![\w'-])\d+(?![\w'-])")


@dataclass(frozen=True, slots=True)
class Figure:
    """One whole number of a playbook: where it is read, and where it stands in the text."""

    path: Path_
    line: int
    column: int
    value: int


def figures(version: str) -> list[Figure]:
    """Every need, floor, margin, points, threshold and constant of a condition, in order of place."""
    file = PLAYBOOKS / version / "playbook.yaml"
    document = load_yaml(file, error=PlaybookError)
    lines = file.read_text(encoding="utf-8").splitlines()
    found = [
        Figure(path, place.line, place.column + match.start(), int(match.group()))
        for path, place in document.places.items()
        for match in _figures_at(path, lines[place.line - 1][place.column - 1 :], document.written)
    ]
    return sorted(found, key=lambda figure: (figure.line, figure.column))


def _figures_at(
    path: tuple[str | int, ...], text: str, written: dict[tuple[str | int, ...], str]
) -> Iterator[re.Match[str]]:
    """The figures of a scalar that is one, or of a condition."""
    scalar = written.get(path, "")
    if scalar.isdecimal() or (path and path[-1] in ("when", "that")):
        yield from _FIGURE.finditer(text[: len(scalar)])


def other_values(figure: Figure) -> list[int]:
    """One step and a large step down and up; nothing is below 0."""
    steps = (-LARGE_STEP, -1, 1, LARGE_STEP) if figure.value < 1000 else (-figure.value, -1, 1, figure.value)
    return sorted({max(0, figure.value + step) for step in steps} - {figure.value})


def edited(folder: Path, version: str, figure: Figure, value: int) -> Path:
    """A copy of the version in `folder`, with its policies, in which the figure is `value`."""
    if not (folder / "policies").exists():
        shutil.copytree(PLAYBOOKS, folder, dirs_exist_ok=True)
    lines = (PLAYBOOKS / version / "playbook.yaml").read_text(encoding="utf-8").splitlines(keepends=True)
    line, start = lines[figure.line - 1], figure.column - 1
    lines[figure.line - 1] = line[:start] + str(value) + line[start + len(str(figure.value)) :]
    (folder / version / "playbook.yaml").write_text("".join(lines), encoding="utf-8")
    return folder / version
