"""Run manifests are numbered, whole, and outside everything that is digested."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from assets.folders import Folders
from pipelines.runs import RunRecord, write_numbered


def test_numbers_go_on(tmp_path: Path) -> None:
    """Each manifest takes the next number, also behind a gap."""
    write_numbered(tmp_path, {})
    (tmp_path / "000007.json").write_text("{}")
    assert "000008.json" == write_numbered(tmp_path, {}).name


def test_runs_at_the_same_time_get_different_numbers(tmp_path: Path) -> None:
    """No manifest overwrites another."""
    threads = [threading.Thread(target=write_numbered, args=(tmp_path, {"run": i})) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written = [json.loads(path.read_text())["run"] for path in tmp_path.glob("*.json")]
    assert list(range(8)) == sorted(written)


def test_a_failing_run_is_recorded(tmp_path: Path) -> None:
    """The manifest says what went wrong, with which code and versions."""
    folders = Folders(warehouse=str(tmp_path))
    with pytest.raises(ValueError, match="broken"), RunRecord(folders, "run-1"):
        raise ValueError("broken")
    manifest = json.loads((tmp_path / "runs" / "000001.json").read_text())
    assert ("failed", "broken", "run-1") == tuple(
        manifest[name] for name in ("outcome", "problem", "dagster_run_id")
    )
    assert {"dagster", "duckdb", "pyarrow", "incident-evidence"} <= set(manifest["packages"])
    assert 64 == len(manifest["code_sha256"])
