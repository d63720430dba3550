"""The output shown in the README is what the commands print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(
    r"(?P<begin><!-- output: (?P<command>[^\n]+?) -->\n)(?P<shown>.*?)(?P<end><!-- end of output -->)",
    re.DOTALL,
)
WIDTH = 120
VARIES = re.compile(r"[0-9]+(?:\.[0-9]+)?(?= ?(?:s|MB)\b)")


def printed(command: str, folder: Path) -> str:
    """What the command prints in `folder`, a fenced block; `| head -n N` keeps the first N lines.

    Lines are cut at WIDTH characters with an ellipsis, so that the page stays readable.
    """
    words, _, head = command.partition(" | head -n ")
    environment = {
        **os.environ,
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        words.split(),
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    # A comparison fails a pull request where an approval was removed: that is its answer, not a fault.
    expected = (0, 1) if words.startswith("evidence compare ") else (0,)
    assert done.returncode in expected, f"{words}\n{done.stdout}"
    whole = [line.rstrip().replace(f"{folder}/", "") for line in done.stdout.rstrip().splitlines()]
    lines = [line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…" for line in whole]
    kept = lines[: int(head)] if head else lines
    cut = ["…"] if len(kept) < len(lines) else []
    return "\n".join(["```text", *kept, *cut, "```"]) + "\n"


def without_measures(text: str) -> str:
    """The text with seconds, megabytes and the width of columns of figures left out."""
    return re.sub(r"[ ─━]+", " ", VARIES.sub("0", text))


@pytest.mark.golden
def test_the_output_shown_is_what_the_commands_print(golden, tmp_path) -> None:
    """Every output block of the README, run in order in a fresh folder; seconds may differ."""
    for name in ("fixtures", "playbooks"):
        (tmp_path / name).symlink_to(ROOT / name)
    text = (ROOT / "README.md").read_text()

    def renewed(block: re.Match[str]) -> str:
        now = printed(block["command"], tmp_path)
        is_same = without_measures(now) == without_measures(block["shown"])
        return block["begin"] + (block["shown"] if is_same else now) + block["end"]

    golden("README.md", BLOCK.sub(renewed, text))


def test_no_output_is_left_out() -> None:
    """Every output block of the README shows something."""
    blocks = list(BLOCK.finditer((ROOT / "README.md").read_text()))
    assert blocks
    assert [] == [block["command"] for block in blocks if not block["shown"].strip()]
