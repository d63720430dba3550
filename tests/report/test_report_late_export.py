"""An export that arrives when the week is over: a run counts it, and the report of the week says so."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app

ROOT = Path(__file__).parents[2]
IN_TIME, LATE = "inc-0101-checkout-shell", "inc-0102-checkout-bad-release"  # both of 2026-W03
RECEIVED = "received: {prometheus-checkout.json: 2026-01-22T08:00:00Z}\n"


def printed(*arguments: str) -> str:
    """What the command prints."""
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_report_names_a_late_export_and_what_it_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four records of Prometheus came three days late: they count now, and decide nothing any more."""
    for name in ("catalog", f"incidents/{IN_TIME}", f"incidents/{LATE}"):
        shutil.copytree(ROOT / "fixtures" / name, tmp_path / "fixtures" / name)
    shutil.copy(ROOT / "fixtures/settings.yaml", tmp_path / "fixtures")
    with (tmp_path / "fixtures/incidents" / LATE / "incident.yaml").open("a") as file:
        file.write(RECEIVED)
    monkeypatch.chdir(tmp_path)
    # In a process of its own, which a run ends by itself.
    evidence = str(Path(sys.executable).with_name("evidence"))
    subprocess.run([evidence, "run", "--playbooks", str(ROOT / "playbooks")], check=True, capture_output=True)
    told = json.loads(printed("report", "2026-W03", "--format", "json"))["restatement"]
    figures = {each["figure"]: (each["known"], each["now"], each["incidents"]) for each in told["figures"]}
    assert {
        "data quality, records": ("66", "70", [LATE]),
        "data quality, evidence": ("63", "67", [LATE]),
    } == figures
    assert "4 records of Prometheus, known at 2026-01-22T08:00:00Z" == told["arrivals"]
    (why,) = told["incidents"]
    assert ["Records of it came late; its decision stays what it was."] == why["reasons"]
    assert "prometheus-checkout.json" in why["records"][0]
