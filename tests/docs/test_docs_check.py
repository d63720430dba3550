"""The page on checking shows what the command prints, and every bad bundle that is shipped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evidence.decision.inspection import inspect_bundle
from pipelines.cli import app

ROOT = Path(__file__).parents[2]
PAGE = "docs/how-to/check-a-playbook.md"
BAD_BUNDLES = ROOT / "tests" / "decision" / "bad_bundles"
OUTPUT = re.compile(
    r"(?<=<!-- output: )(?P<command>[^\n]+?)(?P<begin> -->\n).*?(?P<end><!-- end of output -->)", re.DOTALL
)
LIST = re.compile(r"(?P<begin><!-- bad bundles -->\n).*?(?P<end><!-- end of output -->)", re.DOTALL)
WIDTH = 200  # a block scrolls; the end of a message is worth it
CHECKS = {
    0: "last resorts are passive: always one decision",
    1: "what decides reads no graded or ageing column",
    2: "floors do not fall along the rungs",
    3: "what is enough is a constant",
    4: "blast radius only raises the mode",
    5: "no two actions share a rung",
}


def shown(command: str) -> str:
    """What the command prints in the repository, as a fenced block of lines that fit the page."""
    words, _, head = command.partition(" | head -n ")
    printed = CliRunner().invoke(app, words.split()[1:]).stdout.splitlines()
    lines = [line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…" for line in printed]
    kept = lines[: int(head)] if head else lines
    cut = ["…"] if len(kept) < len(lines) else []
    return "\n".join(["```console", f"$ {words}", *kept, *cut, "```"]) + "\n"


def bad_bundles() -> str:
    """A table of all bad bundles: why each is refused, and which check of the proofs it breaks."""
    rows = ["| bundle | refused because | what the proofs rest on |", "|---|---|---|"]
    for folder in sorted(BAD_BUNDLES.iterdir()):
        first = (folder / "playbook.yaml").read_text(encoding="utf-8").splitlines()[0]
        why = first.removeprefix("# Refused: ").rstrip(".")
        broken = [each for each in inspect_bundle(folder).findings if "Counterexample" in each.remedy]
        named = f"({broken[0].check}) {CHECKS[broken[0].check]}" if broken else ""
        rows.append(f"| `{folder.name}` | {why} | {named} |")
    return "\n".join(rows) + "\n"


@pytest.mark.slow
@pytest.mark.golden
def test_the_page_shows_what_the_command_prints(golden, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """Every block of the page, run in the repository."""
    monkeypatch.chdir(ROOT)
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    text = OUTPUT.sub(
        lambda block: f"{block['command']}{block['begin']}{shown(block['command'])}{block['end']}", text
    )
    text = LIST.sub(lambda block: block["begin"] + bad_bundles() + block["end"], text)
    golden(PAGE, text)


def test_every_compile_check_has_a_bad_bundle() -> None:
    """Each is broken by a bundle that is shipped, with a counterexample."""
    findings = [each for folder in BAD_BUNDLES.iterdir() for each in inspect_bundle(folder).findings]
    assert set(CHECKS) == {each.check for each in findings if "Counterexample" in each.remedy}
