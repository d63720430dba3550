"""What `evidence run` needs beside incidents is written where it is missing, once, and is enough."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evidence.anchors import sha256_of
from evidence.intake.catalogue import read_catalogue
from evidence.intake.discovery import find_catalogue
from evidence.settings import load_settings
from evidence.starter_files import default_settings, write_starters
from evidence.strict_yaml import parse_all_yaml
from evidence.warehouse import Warehouse
from pipelines.cli import app

ROOT = Path(__file__).parents[2]
STRATUS = ROOT.parent / "shared" / "real" / "cloudtrail-stratus"
GCP = STRATUS.with_name("cloud-provider-incidents") / "gcp_incidents.parquet"
COLUMNS = """\
columns:
  started_at: event_start_time
  detected_at: first_notification
  mitigated_at: event_end_time
  service: service_id
distinct: [event_start_time, first_notification, event_end_time, external_desc, service_id]
"""


def run(folder: Path, incidents: str) -> dict[str, object]:
    """The summary of a run in the folder; a run ends its process, so that it gets one of its own."""
    words = ["run", "--incidents", incidents, "--playbooks", str(ROOT / "playbooks"), "--format", "json"]
    program = Path(sys.executable).with_name("evidence")
    done = subprocess.run([str(program), *words], cwd=folder, capture_output=True, text=True)
    assert 0 == done.returncode, done.stderr
    return dict(json.loads(done.stdout))


def test_settings_and_a_catalogue_are_written_once(tmp_path: Path) -> None:
    """They are valid and empty of claims; what people then write stays."""
    into = tmp_path / "incidents"
    written = write_starters(into)
    assert [into / "settings.yaml", into / "catalog" / "services.yaml"] == written
    assert default_settings() == load_settings(into / "settings.yaml")
    assert [] == read_catalogue(find_catalogue(into), into, sha256_of).services
    (into / "settings.yaml").write_text("mine")
    assert [] == write_starters(into)
    assert "mine" == (into / "settings.yaml").read_text()


def test_what_lies_beside_the_folder_counts(tmp_path: Path) -> None:
    """Only what is missing is written; a catalogue without a file is missing."""
    (tmp_path / "settings.yaml").write_text("mine")
    (tmp_path / "in" / "catalog").mkdir(parents=True)
    assert [tmp_path / "in" / "catalog" / "services.yaml"] == write_starters(tmp_path / "in")


def test_the_examples_in_the_comments_are_valid(tmp_path: Path) -> None:
    """The catalogue reads with its marks taken off."""
    [_, catalogue] = write_starters(tmp_path / "in")
    lines = catalogue.read_text().splitlines()
    begin = lines.index("# apiVersion: backstage.io/v1alpha1")
    text = "\n".join(line.removeprefix("# ") for line in lines[begin:]) + "\n"
    assert 2 == len(parse_all_yaml(text.encode(), catalogue))
    catalogue.write_text(text)
    services = read_catalogue([catalogue], tmp_path / "in", sha256_of).services
    assert ["payments-platform", "cloud-platform"] == [row["owner"] for row in services]


def test_the_default_delays_are_those_of_the_recorded_incidents() -> None:
    """Measured once, told twice."""
    fixtures = load_settings(ROOT / "fixtures" / "settings.yaml")
    found = default_settings()
    assert fixtures.delivery_delay_seconds == found.delivery_delay_seconds
    assert fixtures.change_lookback_seconds == found.change_lookback_seconds


def test_a_dry_run_writes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing at all is written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exports").mkdir()
    assert 0 == CliRunner().invoke(app, ["ingest", "exports", "--dry-run"]).exit_code
    assert [tmp_path / "exports"] == list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.skipif(not STRATUS.is_dir(), reason="the recorded CloudTrail is not beside the repository")
def test_recorded_exports_run_as_they_are_ingested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every technique is an incident with a bounded decision: nothing says who owns what."""
    monkeypatch.chdir(tmp_path)
    assert 0 == CliRunner().invoke(app, ["ingest", str(STRATUS)]).exit_code
    summary = run(tmp_path, "incidents")
    folders = [path for path in (tmp_path / "incidents").iterdir() if (path / "incident.yaml").exists()]
    assert len(folders) == summary["incidents"]
    decided = Warehouse(tmp_path / "warehouse").read("decision.decisions").to_pylist()
    assert {"enrich", "escalate"} >= {row["option"] for row in decided}
    assert all("owner" in row["missing_context"] for row in decided)


@pytest.mark.slow
@pytest.mark.skipif(not GCP.is_file(), reason="the recorded incidents are not beside the repository")
def test_a_table_of_incidents_runs_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables of times count all 1,432; nothing is decided, replayed or handed over."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mapping.yaml").write_text(COLUMNS)
    done = CliRunner().invoke(app, ["ingest", str(GCP), "--mapping", "mapping.yaml"])
    assert (0, True) == (done.exit_code, "median 1,402 s, n = 1,304" in done.stdout), done.stderr
    summary = run(tmp_path, "incidents")
    assert (0, 1432, []) == (summary["incidents"], summary["incident_records"], summary["warnings"])
    warehouse = Warehouse(tmp_path / "warehouse")
    for kpi, n in (("weekly_mttd", 1304), ("weekly_dwell_time", 1032)):
        rows = warehouse.read(f"kpis.{kpi}").to_pylist()
        kept = {"service", "severity", "environment", "incident_type"} & set(rows[0])
        assert n == sum(row["n"] for row in rows if {"all"} == {row[name] for name in kept}), kpi
    for name in ("decision.decisions", "handoff.packages", "replay.runs", "kpis.learning"):
        assert 0 == warehouse.read(name).num_rows
    assert [] == list((tmp_path / "out" / "handoffs").iterdir())
