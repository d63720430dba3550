"""The page about replaying shows what `evidence replay` prints and writes for the recorded incidents."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from sections import with_section
from typer.testing import CliRunner

from evidence.tables import conform
from evidence.warehouse import parquet_bytes
from pipelines.cli import app
from simulator.histories.history import INCIDENTS, STATES

ROOT = Path(__file__).parents[2]
PAGE = "docs/how-to/replay-history.md"
LATE, MOMENT = "inc-0113-late-cloudtrail", "2026-01-23T13:30:00Z"


@pytest.fixture
def history(recorded, tmp_path: Path) -> Path:
    """The history of the recorded incidents, with the bytes that a run publishes."""
    for name in (STATES, INCIDENTS):
        table = conform(name, recorded.sql(f"from {name}").to_arrow_table())
        (tmp_path / f"{name.partition('.')[2]}.parquet").write_bytes(parquet_bytes(table))
    return tmp_path


def replayed(history: Path, *options: str) -> list[str]:
    """The command as a reader would type it, and what it prints."""
    given = ("--history", str(history), "--playbooks", str(ROOT / "playbooks"))
    done = CliRunner().invoke(app, ["replay", *given, *options])
    assert done.exit_code == 0, done.stderr
    return ["```console", f"$ {' '.join(('evidence replay', *options))}", *done.stdout.splitlines(), "```"]


def record(folder: Path) -> list[str]:
    """The record of the run with its digests shortened, and without that of the code, which changes daily."""
    (file,) = (folder / "out" / "replays").glob("*/run.json")
    found = json.loads(file.read_text())
    found["playbook"]["reference"] = "playbooks/v3"
    text = re.sub(r'"code_sha256": "[0-9a-f]{64}"', '"code_sha256": "…"', json.dumps(found, indent=2))
    return ["```json", *re.sub(r"\b([0-9a-f]{12})[0-9a-f]{52}\b", r"\1…", text).splitlines(), "```"]


@pytest.mark.golden
def test_the_page_shows_what_a_replay_prints(
    golden, history: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All incidents, one of them moment by moment, as of a moment, and the record of the run."""
    monkeypatch.chdir(tmp_path)
    everything = replayed(history)
    text = with_section((ROOT / PAGE).read_text(), "all", everything)
    text = with_section(text, "record", record(tmp_path))
    text = with_section(text, "one", replayed(history, "--incident", LATE))
    golden(PAGE, with_section(text, "as of", replayed(history, "--as-of", MOMENT)))
    assert len(everything) > 17
