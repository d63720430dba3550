"""Where commands over raw records read from, and what they say where there is nothing to look at."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from tests.simulator.detections.recorded_days import call, write_history

ROOT = Path(__file__).parents[2]
POLICIES = ROOT / "tests" / "simulator" / "policies"
REPLAY = ("replay-policies", "--policies", str(POLICIES / "admission"))


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit code, output and errors."""
    done = CliRunner().invoke(app, [*arguments])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """A folder of exports without any decision of OPA."""
    history = write_history(tmp_path / "incidents", {"inc-a": ("security", [call("ListUsers", 5)])})
    exports = tmp_path / "exports"
    exports.mkdir()
    shutil.copy(history / "inc-a" / "cloudtrail.json", exports)
    return exports


def test_a_check_of_nothing_fails(calls: Path) -> None:
    """With 2, saying where decisions were looked for; where no check is asked for it is told all the same."""
    where = f"no decision that OPA logged is in {calls} (1 file with 1 record)"
    code, said, failed = run(*REPLAY, "--exports", str(calls), "--fail-on", "different")
    assert (2, True) == (code, f"--fail-on has nothing to look at: {where}" in " ".join(failed.split()))
    code, said, failed = run(*REPLAY, "--exports", str(calls))
    assert (0, f"Nothing was replayed: {where}.") == (code, " ".join(said.split("\n\n")[0].split()))


def test_the_warehouse_is_that_of_every_other_command(
    calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EVIDENCE_WAREHOUSE names it, and an option counts for more; rules lie beside the playbooks."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVIDENCE_WAREHOUSE", str(tmp_path / "elsewhere"))
    rules = ("--rules", str(ROOT / "playbooks" / "detections"))
    for arguments in (REPLAY, ("detect", *rules)):
        code, _, failed = run(*arguments)
        assert (2, True) == (code, str(tmp_path / "elsewhere") in failed)
        code, _, failed = run(*arguments, "--warehouse", "other")
        assert (2, True) == (code, "not published in other" in " ".join(failed.split()))
    monkeypatch.setenv("EVIDENCE_PLAYBOOKS", str(ROOT / "playbooks"))
    done = run("detect", "--exports", str(calls), "--format", "json")
    assert (0, str(ROOT / "playbooks" / "detections")) == (done[0], json.loads(done[1])["rules_path"])
