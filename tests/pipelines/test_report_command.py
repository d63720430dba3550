"""`evidence report` as a person calls it: files, formats, weeks that are none, and the browser."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from evidence.published_faults import report_faults
from evidence.report import INPUTS, render_html, render_markdown
from evidence.warehouse import Warehouse
from pipelines.cli import app
from tests.report.made import Made, at, opened, reported

HISTORY = [Made("inc-1", at("2026-03-03T09:00")), Made("inc-2", at("2026-03-11T09:00"))]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which two weeks are published."""
    tables = Warehouse(tmp_path / "warehouse")
    with contextlib.closing(opened(HISTORY)) as connection:
        found = {name: connection.sql(f"from {name}").to_arrow_table() for name in INPUTS}
    tables.publish(found)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments: str) -> Result:
    """The command."""
    return CliRunner().invoke(app, ["report", *arguments])


def test_the_last_week_with_an_incident_is_written(folder: Path) -> None:
    """As a page and as Markdown; what changed is printed, and where the files lie."""
    done = call()
    assert 0 == done.exit_code, done.stderr
    week = folder / "out/kpis/2026-W11"
    assert render_html(reported(HISTORY, "2026-W11")) == week.with_suffix(".html").read_text()
    assert render_markdown(reported(HISTORY, "2026-W11")) == week.with_suffix(".md").read_text()
    assert "1 incident this week (“inc-2”); the week before had 1." in done.stdout
    assert done.stdout.endswith("page      out/kpis/2026-W11.html\nMarkdown  out/kpis/2026-W11.md\n")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("markdown", render_markdown(reported(HISTORY, "2026-W10"))),
        ("html", render_html(reported(HISTORY, "2026-W10"))),
        ("json", reported(HISTORY, "2026-W10").model_dump_json(indent=2) + "\n"),
    ],
)
def test_a_week_is_printed_in_every_format(folder: Path, name: str, expected: str) -> None:
    """The same that is written, and the model as JSON."""
    done = call("2026-W10", "--format", name)
    assert (0, expected) == (done.exit_code, done.stdout)


def test_json_holds_the_figures(folder: Path) -> None:
    """For programs: seconds and counts."""
    found = json.loads(call("2026-W10", "--format", "json").stdout)
    assert (60, 1) == tuple(found["times"][0]["rows"][0]["week"][key] for key in ("median_seconds", "n"))


def test_a_week_without_incidents_has_a_report_that_says_so(folder: Path) -> None:
    """It is no error."""
    done = call("2026-W09")
    assert 0 == done.exit_code
    assert "No incident was detected this week; the week before had none." in done.stdout
    assert (folder / "out/kpis/2026-W09.html").exists()


@pytest.mark.parametrize("week", ["2026-W60", "2025-W53", "last", "W10"])
def test_what_is_no_week_is_refused_with_what_to_write(folder: Path, week: str) -> None:
    """Exit code 2, and nothing is written."""
    done = call(week)
    assert 2 == done.exit_code
    assert done.stderr.startswith("evidence: ")
    assert "2026-W07" in done.stderr or "Name one of" in done.stderr
    assert not (folder / "out").exists()


def test_without_a_warehouse_a_run_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of other commands."""
    monkeypatch.chdir(tmp_path)
    done = call()
    assert 2 == done.exit_code
    assert "Run `evidence run` first" in done.stderr


def test_an_out_that_cannot_be_written_is_told(folder: Path) -> None:
    """A file stands where the folder should be."""
    (folder / "out").write_text("")
    done = call()
    assert 2 == done.exit_code
    assert "--out out cannot be written" in done.stderr


def test_the_browser_is_asked_for_the_page(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that the person has chosen, and only with --open."""
    noted = folder / "noted.txt"
    browser = folder / "browser.py"
    browser.write_text(f"import pathlib, sys; pathlib.Path({str(noted)!r}).write_text(sys.argv[1])")
    monkeypatch.setenv("BROWSER", f"{sys.executable} {browser} %s")
    assert 0 == call("2026-W10").exit_code
    assert not noted.exists()
    assert 0 == call("2026-W10", "--open").exit_code
    assert (folder / "out/kpis/2026-W10.html").as_uri() == noted.read_text()


def test_links_that_lead_nowhere_are_told(folder: Path) -> None:
    """A report beside other handoffs than those of its run, or none, is written all the same."""
    handoffs = folder / "out/handoffs"
    done = call("2026-W10", "--out", "elsewhere")
    assert 0 == done.exit_code
    assert (
        "evidence: note: 1 of 1 links lead to handoffs in elsewhere/handoffs that are not there; name the "
        "--out of `evidence run`\n" == done.stderr
    )
    handoffs.mkdir(parents=True)
    (handoffs / "inc-1.html").write_text("")
    assert "" == call("2026-W10").stderr


def test_what_the_command_writes_is_verified(folder: Path) -> None:
    """Beside the handoffs of a run; what lies elsewhere is a copy that nothing is held to."""
    (folder / "out/handoffs").mkdir(parents=True)
    assert 0 == call("2026-W10").exit_code
    assert 0 == call("2026-W11", "--out", "elsewhere").exit_code
    assert [] == list(report_faults(folder / "warehouse", folder / "out"))
    (folder / "out/kpis/2026-W10.md").write_text("All is well.")
    assert ["kpis/2026-W10.md"] == [
        fault.path for fault in report_faults(folder / "warehouse", folder / "out")
    ]
