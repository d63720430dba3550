"""`evidence grafana` as a user calls it: what it writes, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evidence.grafana import INPUTS
from evidence.tables import arrow_schema
from evidence.warehouse import Warehouse
from expectations.tables import TABLES
from pipelines.cli import app

FILES = [
    "README.md",
    "dashboards/dashboard.json",
    "kpis.sql",
    "provisioning/dashboards/evidence-kpis.yaml",
    "provisioning/datasources/evidence-kpis.yaml",
]


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A warehouse in which every table is empty."""
    monkeypatch.chdir(tmp_path)
    empty = {name: arrow_schema(TABLES[name]).empty_table() for name in INPUTS}
    Warehouse(tmp_path / "warehouse").publish(empty)
    return tmp_path


def test_an_export_is_five_files(published: Path) -> None:
    """Their paths are printed, and with --format json listed; a second export changes no byte."""
    done = CliRunner().invoke(app, ["grafana", "out/grafana"])
    assert (0, [f"out/grafana/{name}" for name in FILES]) == (done.exit_code, done.stdout.splitlines())
    before = {path: path.stat().st_mtime_ns for path in (published / "out").rglob("*") if path.is_file()}
    again = CliRunner().invoke(app, ["grafana", "out/grafana", "--format", "json"])
    assert {"files": [f"out/grafana/{name}" for name in FILES]} == json.loads(again.stdout)
    assert before == {
        path: path.stat().st_mtime_ns for path in (published / "out").rglob("*") if path.is_file()
    }


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("", "the folder has no name. Name a folder; . is the current one"),
        ("warehouse/x", "warehouse/x lies in warehouse, which is read. Name a folder elsewhere"),
        ("file", "file is no folder. Name a folder"),
        ("file/below", "file/below cannot be written: file/below: Not a directory"),
    ],
)
def test_a_place_that_cannot_be_is_refused(published: Path, folder: str, said: str) -> None:
    """In one line that says why, with nothing written."""
    (published / "file").write_text("ours")
    done = CliRunner().invoke(app, ["grafana", folder])
    assert (2, f"evidence: {said}\n") == (done.exit_code, done.stderr)
    assert ["file", "warehouse"] == sorted(path.name for path in published.iterdir())
    assert "ours" == (published / "file").read_text()


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_somebody_else_is_not_overwritten(published: Path, name: str) -> None:
    """Nothing is written, and the file is named; one that an earlier call wrote is replaced."""
    theirs = published / "theirs" / name
    theirs.parent.mkdir(parents=True)
    theirs.write_text("# Mine\n")
    done = CliRunner().invoke(app, ["grafana", "theirs"])
    said = f"evidence: theirs/{name}: is there already, and not from evidence grafana. Name another folder\n"
    assert (2, said) == (done.exit_code, done.stderr)
    assert [theirs] == [path for path in (published / "theirs").rglob("*") if path.is_file()]
    CliRunner().invoke(app, ["grafana", "ours"])
    ours = published / "ours" / name
    before = ours.read_bytes()
    ours.write_bytes(before + b"\n")
    assert 0 == CliRunner().invoke(app, ["grafana", "ours"]).exit_code
    assert before == ours.read_bytes()


def test_a_warehouse_without_kpis_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is published yet."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["grafana", "out"])
    said = "evidence: decision.decisions is not published in warehouse. Run `evidence run` first\n"
    assert (2, said) == (done.exit_code, done.stderr)
    assert [] == list(tmp_path.iterdir())
