"""The pages on policies show the modules that are run, what is printed, and the tables of the code."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rego_page import rego_page
from typer.testing import CliRunner

from pipelines.cli import app

ROOT = Path(__file__).parents[2]
PAGE = "docs/how-to/change-a-policy.md"
FILES = re.compile(r"<!-- file: (?P<name>[^ ]+) -->\n```\w+\n(?P<text>.*?)```", re.DOTALL)
OUTPUT = re.compile(
    r"(?P<begin><!-- output: (?P<command>[^\n]+) -->\n).*?(?P<end><!-- end of output -->)", re.DOTALL
)


def printed(command: str) -> str:
    """What the command prints, run beside the modules, the playbooks and the fixtures."""
    done = CliRunner().invoke(app, command.split()[1:])
    assert 0 == done.exit_code, done.stderr
    return "\n".join(["```console", f"$ {command}", *done.stdout.splitlines(), "```"]) + "\n"


@pytest.mark.golden
def test_the_page_shows_what_its_policies_do(
    golden: Callable[[str, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Modules are taken off the page, beside a copy of the shipped policies."""
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    for name in ("fixtures", "playbooks"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "policies").mkdir()
    for shipped in (ROOT / "playbooks" / "policies").iterdir():
        (tmp_path / "policies" / shipped.name).write_bytes(shipped.read_bytes())
    for block in FILES.finditer(text):
        file = tmp_path / block["name"]
        file.parent.mkdir(exist_ok=True)
        file.write_text(block["text"], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    golden(PAGE, OUTPUT.sub(lambda it: f"{it['begin']}{printed(it['command'])}{it['end']}", text))


@pytest.mark.golden
def test_the_reference_of_rego_is_that_of_the_code(golden: Callable[[str, str], None]) -> None:
    """Every built-in of OPA, allowed or refused with its reason, and every gap."""
    golden("docs/reference/rego.md", rego_page())
