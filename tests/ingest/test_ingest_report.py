"""The report of an ingest: its schema, the command line's exit codes, text and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evidence.ingest.report import IngestReport, published_schema
from pipelines.cli import app

from .ingesting import cloudtrail, falco, lines, put


@pytest.mark.golden
def test_the_published_schema_is_the_models(golden: Callable[[Path | str, str], None]) -> None:
    """docs/schemas/ingest.schema.json is generated, so that it cannot be out of date."""
    golden("docs/schemas/ingest.schema.json", published_schema())


def test_the_command_prints_the_report_and_writes_nothing_in_a_dry_run(tmp_path: Path) -> None:
    """JSON is the report; text and JSON exit with 0 although something was refused."""
    source = put(tmp_path / "a", {"x": lines([falco(0), cloudtrail(5), b"{]"])})
    into = tmp_path / "in"
    call = ["ingest", str(source), "--into", str(into), "--dry-run"]
    done = CliRunner().invoke(app, [*call, "--format", "json"])
    report = IngestReport.model_validate(json.loads(done.stdout))
    assert (0, 3, 2, 1, True) == (
        done.exit_code,
        report.records,
        len(report.incidents),
        report.refused,
        report.is_dry_run,
    )
    text = CliRunner().invoke(app, call)
    assert (0, True) == (text.exit_code, "x:3: json_invalid: not strict JSON" in text.stdout)
    assert not into.exists()


def test_a_wrong_gap_is_wrong_use(tmp_path: Path) -> None:
    """It exits with 2 and says how a duration is written."""
    done = CliRunner().invoke(app, ["ingest", str(tmp_path), "--gap", "soon"])
    assert (2, True) == (done.exit_code, "30m" in done.stderr)


def test_records_further_apart_than_the_gap_are_of_different_incidents(tmp_path: Path) -> None:
    """The gap is the only difference."""
    source = put(tmp_path / "a", {"x": lines([falco(0), falco(600)])})
    counts = []
    for gap in ("599s", "10m"):
        call = ["ingest", str(source), "--into", str(tmp_path / "in"), "--gap", gap, "--dry-run"]
        done = CliRunner().invoke(app, [*call, "--format", "json"])
        counts.append(len(json.loads(done.stdout)["incidents"]))
    assert [2, 1] == counts
