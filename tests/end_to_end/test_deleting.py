"""An ingested incident that is deleted as docs/explanation/customer-data.md says leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).parents[2]


def _evidence(folder: Path, *arguments: str) -> str:
    given = {key: value for key, value in os.environ.items() if not key.startswith("EVIDENCE_")}
    command = [str(Path(sys.executable).with_name("evidence")), *arguments]
    environment = {**given, "PYTHONPATH": str(ROOT), "DAGSTER_HOME": ""}
    return subprocess.run(
        command, cwd=folder, env=environment, check=True, capture_output=True, text=True
    ).stdout


def _holding(folder: Path, marks: list[str]) -> list[tuple[str, str]]:
    """(file, mark) wherever a name or a content below the folder holds one; Parquet is read as rows."""
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = str(path.relative_to(folder)) + path.read_bytes().decode("utf-8", "replace")
        if path.suffix == ".parquet":
            with duckdb.connect() as connection:
                content += str(connection.execute("from read_parquet(?)", [str(path)]).fetchall())
        found += [(str(path.relative_to(folder)), mark) for mark in marks if mark in content]
    return found


@pytest.mark.slow
def test_after_the_documented_steps_no_file_tells_of_the_incident(tmp_path: Path) -> None:
    """Neither its name nor a digest of its records, in any file of the team's folder."""
    exports = sorted(path.parent for path in (ROOT / "fixtures" / "incidents").rglob("incident.yaml"))[:6]
    team = tmp_path / "team"
    _evidence(tmp_path, "init", "team")
    shutil.copytree(ROOT / "fixtures" / "catalog", team / "catalog", dirs_exist_ok=True)
    _evidence(team, "ingest", *map(str, exports), "--into", "incidents")
    _evidence(team, "run")
    gone = max(path.parent.name for path in (team / "incidents").glob("*/incident.yaml"))
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select distinct record_sha256 from read_parquet(?) where incident_ids = ? order by 1",
            [str(team / "incidents" / ".ingest" / "records-*.parquet"), gone],
        ).fetchall()
    marks = [gone, *(digest for (digest,) in rows)]
    assert set(marks) == {mark for _, mark in _holding(team, marks)}
    shutil.rmtree(team / "incidents" / gone)
    _evidence(team, "run")
    assert f"forgotten: {gone}, whose folder was deleted\n" in _evidence(team, "prune")
    shutil.rmtree(team / ".dagster")
    _evidence(team, "verify")
    assert [] == _holding(team, marks)
