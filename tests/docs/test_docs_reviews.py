"""The page about reviews shows what the command really prints."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app

ROOT = Path(__file__).parents[2]
PAGE = "docs/how-to/review-incidents.md"
BEGIN = "<!-- Written by `make golden`: reviews. Do not edit down to the end mark. -->\n"
END = "<!-- end of reviews -->"
CALLS = (
    "evidence label inc-0112 --by tomas.novak --at 2026-03-02T09:15:00Z --enrichment-narrowed"
    " --expected-option escalate --expected-action hand_to_incident_commander",
    "evidence label inc-0112",
    "evidence label inc-0112 --by tomas.novak --at 2026-02-25T09:00:00Z --responder-understood",
)


@pytest.mark.golden
def test_the_calls_shown_are_real_ones(
    golden: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that adds, one that shows, and one that is refused."""
    shutil.copytree(ROOT / "fixtures", tmp_path / "fixtures")
    monkeypatch.chdir(tmp_path)
    shown = ["```console"]
    for call in CALLS:
        done = CliRunner().invoke(app, call.split()[1:])
        shown += [f"$ {call}", *done.output.splitlines(), ""]
    text = (ROOT / PAGE).read_text()
    between = re.compile(f"(?<={re.escape(BEGIN)}).*?(?={re.escape(END)})", re.DOTALL)
    assert between.search(text)
    told = "\n".join([*shown[:-1], "```", ""])
    golden(PAGE, between.sub(lambda _: told, text))
