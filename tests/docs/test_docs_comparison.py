"""The pages about comparisons show what a comparison gives, and name what the command knows."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import typer.main

from evidence.decision import Bundle, load_bundle
from pipelines.cli import app
from pipelines.cli.comparing import parse_fail_on
from simulator.comparison.compare import Side, compare
from simulator.comparison.rendering import render
from simulator.histories.history import History, open_incidents

ROOT = Path(__file__).parents[2]
FIGURES, HOW_TO = "docs/explanation/comparison-figures.md", "docs/how-to/compare-on-a-pull-request.md"
BETWEEN = re.compile(
    r"(?<=<!-- Written by `make golden` from a comparison)([^\n]*-->\n).*?(?=<!-- end of comparison -->)",
    re.DOTALL,
)
EXPOSURE = "  close_public_exposure:\n    option: contain\n    scope: service\n    undo: reversible\n"
# The pull request of the how-to, as it edits playbooks/v3/playbook.yaml: text before and after.
EDITS = (
    (
        "{id: symptom-is-validated, that: is_error_rate_over_policy and is_latency_over_policy}",
        "{id: symptom-is-validated, that: is_error_rate_over_policy}",
    ),
    ("supports: {roll_back_release: 35,", "supports: {roll_back_release: 50,"),
    (EXPOSURE + "    mode: policy_gated\n", EXPOSURE + "    mode: automatic\n"),
)

Golden = Callable[[Path | str, str], None]


@pytest.fixture(scope="module")
def active() -> Bundle:
    return load_bundle(ROOT / "playbooks/v3")


@pytest.fixture(scope="module")
def proposed(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The active version as the pull request would have it."""
    folder = tmp_path_factory.mktemp("playbooks")
    shutil.copytree(ROOT / "playbooks", folder, dirs_exist_ok=True)
    playbook = folder / "v3/playbook.yaml"
    text = playbook.read_text()
    for before, after in EDITS:
        assert 1 == text.count(before)
        text = text.replace(before, after)
    playbook.write_text(text)
    return load_bundle(folder / "v3")


@pytest.fixture(scope="module")
def history(active: Bundle) -> Iterator[History]:
    found = open_incidents(ROOT / "fixtures", active.grading, detections=active.detections)
    with closing(found.connection):
        yield found


def with_block(page: str, block: str) -> str:
    """The page with the block between its marks."""
    text = (ROOT / page).read_text()
    assert BETWEEN.search(text)
    return BETWEEN.sub(lambda match: f"{match[1]}\n{block}\n", text)


@pytest.mark.golden
def test_the_how_to_shows_a_real_comparison(
    golden: Golden, history: History, active: Bundle, proposed: Bundle
) -> None:
    """The text of the pull request that the page tells about."""
    found = compare(history, Side(active, "git:origin/main"), Side(proposed, "playbooks"))
    golden(HOW_TO, with_block(HOW_TO, f"```text\n{render(found, 'text')}```\n"))


@pytest.mark.golden
def test_the_page_of_the_figures_shows_real_ones(golden: Golden, history: History, active: Bundle) -> None:
    """The figures of v2 against v3 over the recorded incidents."""
    before = Side(load_bundle(ROOT / "playbooks/v2"), "playbooks/v2")
    found = compare(history, before, Side(active, "playbooks/v3"), is_attributed=False)
    text = render(found, "text")
    section = re.search(r"^== OVER ALL .*?(?=\n\n)", text, re.DOTALL | re.MULTILINE)
    assert section is not None
    shown = f"{text.partition(chr(10) * 2)[0]}\n\n{section[0]}"
    golden(FIGURES, with_block(FIGURES, f"```text\n{shown}\n```\n"))


def test_every_name_of_fail_on_is_told() -> None:
    """In the how-to, and no other."""
    page = (ROOT / HOW_TO).read_text()
    table = page.partition("| name | fails when |")[2].partition("\n\n")[0]
    told = [
        name for line in table.splitlines()[2:] for name in re.findall(r"`([a-z-]+)`", line.split("|")[1])
    ]
    assert tuple(told) == parse_fail_on(",".join(told))
    with pytest.raises(Exception, match="there is no such change") as refused:
        parse_fail_on("better")
    assert set(told) == set(str(refused.value).partition("Use ")[2].split(", "))


def test_every_option_of_the_how_to_exists() -> None:
    """What the page calls can be called."""
    command = typer.main.get_command(app).commands["compare"]  # type: ignore[attr-defined]
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    page = (ROOT / HOW_TO).read_text()
    calls = " ".join(re.findall(r"evidence compare .*?--out comparison\.md", page, re.DOTALL))
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", calls + " ".join(re.findall(r"`(--[a-z-]+)", page))))
    assert {"--incidents", "--fail-on", "--format", "--out", "--allow", "--most", "--no-clauses"} <= named
    assert set() == named - known
