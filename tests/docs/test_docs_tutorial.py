"""The tutorial is run as it stands: every command in its order, and what is printed is what it shows."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = "docs/tutorial.md"
BLOCK = re.compile(r"(?<=```console\n).*?(?=```)", re.DOTALL)
# Between two outputs.
MARK = "\x1e"
# What a reader needs and a test has at hand: the tool on the path.
SET_UP = 'export PATH="$PWD/.venv/bin:$PATH"'


def _commands(block: str) -> list[str]:
    return [line[2:] for line in block.splitlines() if line.startswith("$ ")]


def _outputs(commands: list[str], folder: Path) -> Iterator[str]:
    """What each prints, one shell for all of them as for a reader."""
    script = "\n".join(f"{command}\nprintf '{MARK}'" for command in commands)
    variables = {**os.environ, "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}", "COLUMNS": "110"}
    variables |= {"NO_COLOR": "1", "PYTHONWARNINGS": "ignore"}
    for name in ("EVIDENCE_INCIDENTS", "EVIDENCE_WAREHOUSE", "EVIDENCE_OUT", "EVIDENCE_PLAYBOOKS"):
        variables.pop(name, None)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=True,
    )
    yield from done.stdout.split(MARK)[:-1]


@pytest.mark.slow
@pytest.mark.golden
def test_the_tutorial_prints_what_it_shows(golden: Callable[[str, str], None], tmp_path: Path) -> None:
    """In a clone of which only the recorded incidents are needed."""
    clone = tmp_path / "clone"
    clone.mkdir()
    (clone / "fixtures").symlink_to(ROOT / "fixtures")
    text = (ROOT / PAGE).read_text()
    commands = [command for block in BLOCK.findall(text) for command in _commands(block)]
    assert commands[0] == SET_UP
    told = iter(["", *_outputs(commands[1:], clone)])

    def shown(match: re.Match[str]) -> str:
        lines = []
        for command in _commands(match[0]):
            lines += [f"$ {command}", *next(told).rstrip("\n").splitlines()]
        return "\n".join(lines) + "\n"

    golden(PAGE, BLOCK.sub(shown, text))
