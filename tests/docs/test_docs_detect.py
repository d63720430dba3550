"""The page on trying a detection shows the rules that are run, and what the command prints."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app

ROOT = Path(__file__).parents[2]
PAGE = "docs/how-to/try-a-detection.md"
RULES = re.compile(r"<!-- rules: (?P<name>[^ ]+) -->\n```yaml\n(?P<text>.*?)```", re.DOTALL)
OUTPUT = re.compile(
    r"(?P<begin><!-- output: (?P<command>[^\n]+) -->\n).*?(?P<end><!-- end of output -->)", re.DOTALL
)


def printed(command: str) -> str:
    """What the command prints, run beside the rules and the fixtures."""
    done = CliRunner().invoke(app, command.split()[1:])
    assert 0 == done.exit_code, done.stderr
    return "\n".join(["```console", f"$ {command}", *done.stdout.splitlines(), "```"]) + "\n"


@pytest.mark.golden
def test_the_page_shows_what_its_rules_catch(
    golden: Callable[[str, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rules are taken off the page, and run on the fixtures."""
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    for block in RULES.finditer(text):
        (tmp_path / block["name"]).write_text(block["text"], encoding="utf-8")
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    monkeypatch.chdir(tmp_path)
    shown = OUTPUT.sub(lambda it: f"{it['begin']}{printed(it['command'])}{it['end']}", text)
    golden(PAGE, shown)
