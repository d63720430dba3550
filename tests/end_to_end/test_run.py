"""`evidence run` builds everything from the recorded incidents, and builds it once."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from projects import ROOT, Project

from assets.folders import Folders
from evidence.warehouse import Warehouse
from expectations.tables import TABLES
from pipelines.cli.summary import print_summary


def test_every_table_is_published_and_readable(built: Project) -> None:
    """The catalogue shows every declared table, and every row of it can be read."""
    rows = built.tables()
    assert sorted(TABLES) == sorted(rows)
    assert {name: entry.row_count for name, entry in Warehouse(built.warehouse).published().items()} == rows


def test_every_incident_has_a_decision_and_a_handoff(built: Project) -> None:
    """Nothing vanishes on the way: as many handoffs as declarations, in three formats."""
    declared = sorted(path.parent.name for path in built.incidents.rglob("incident.yaml"))
    handoffs = sorted(path.name for path in (built.folder / "out" / "handoffs").iterdir())
    assert sorted(f"{name}.{kind}" for name in declared for kind in ("html", "json", "md")) == handoffs


def test_records_in_are_accounted_for(first_run: Any) -> None:
    """The summary's figures add up, and decisions are as many as incidents."""
    summary = json.loads(first_run.stdout)
    records = summary["records"]
    assert records["read"] == records["evidence"] + records["duplicate"] + records["quarantined"]
    assert summary["incidents"] == sum(row["incidents"] for row in summary["decisions"])


def test_progress_shows_stage_rows_and_seconds(first_run: Any) -> None:
    """Asked for, each step is told on standard error with its rows."""
    steps = {line.split("  ")[1].strip(): line for line in first_run.stderr.splitlines()}
    assert {"intake", "enrichment", "decision", "handoff", "weekly kpis"} <= set(steps)
    assert " rows " in steps["intake"]
    assert steps["intake"].endswith(" s")


@dataclass(frozen=True)
class SecondRun:
    """A project run again in another mood with its catalogue damaged, and what was there before."""

    project: Project
    digest: str
    table_files: dict[str, int]
    said: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def second_run(built: Project, tmp_path_factory: pytest.TempPathFactory) -> SecondRun:
    """A run where everything has been built already, in another mood of the machine."""
    project = Project(tmp_path_factory.mktemp("second") / "project")
    shutil.copytree(built.folder, project.folder)
    (project.warehouse / "evidence.duckdb").write_bytes(b"junk")
    before = project.digest(), project.table_files()
    mood = {"PYTHONHASHSEED": "4711", "TZ": "Pacific/Chatham", "LC_ALL": "C", "PYTHONUTF8": "0"}
    said = project.call(*project.run_arguments, "--threads", "1", environment=mood)
    return SecondRun(project, *before, said)


def test_a_second_run_writes_no_table_file(second_run: SecondRun) -> None:
    """The same digests, and no Parquet file written or touched, whatever the machine's mood."""
    project = second_run.project
    assert (second_run.digest, second_run.table_files) == (project.digest(), project.table_files())
    assert second_run.digest.split()[-2] in second_run.said.stdout


def test_without_a_terminal_there_is_no_progress(second_run: SecondRun) -> None:
    """Nothing on standard error."""
    assert (0, "") == (second_run.said.returncode, second_run.said.stderr)


def test_a_damaged_catalogue_is_mended_by_the_next_run(second_run: SecondRun) -> None:
    """What somebody did to the catalogue does not last, and everything proves again."""
    assert sorted(TABLES) == sorted(second_run.project.tables())
    assert 0 == second_run.project.verify().returncode


def test_a_wrong_folder_is_told_before_anything_is_built(project: Project) -> None:
    """Exit code 2, one line on standard error, no traceback, nothing written."""
    done = project.call("run", "--incidents", "nowhere")
    assert 2 == done.returncode
    assert ["evidence: nowhere"] == [line[: len("evidence: nowhere")] for line in done.stderr.splitlines()]
    assert [] == list(project.folder.iterdir())


def test_a_broken_declaration_names_file_line_and_field(copied: Project) -> None:
    """Bad input ends the run with exit code 2 and leaves the last published tables."""
    before = copied.digest()
    declaration = next(copied.incidents.rglob("incident.yaml"))
    text = declaration.read_text()
    line = 1 + text[: text.index("\ntitle:") + 1].count("\n")
    declaration.write_text(text.replace("\ntitle:", "\ntittle: twice\ntitle:"))
    done = copied.call(*copied.run_arguments)
    assert 2 == done.returncode
    assert f"incident.yaml:{line}:" in done.stderr
    assert "unknown key 'tittle'" in done.stderr
    assert "Traceback" not in done.stderr
    assert before == copied.digest()


SILENT = """\
id: inc-0001-silent
title: nobody kept anything
type: rollout
window: {from: 2026-01-14T09:00:00Z, to: 2026-01-14T12:00:00Z}
recorded: {}
"""


@pytest.fixture
def empty_incident(built: Project, tmp_path: Path) -> Project:
    """A project whose only incident has no export."""
    incidents = tmp_path / "incidents"
    (incidents / "inc-0001-silent").mkdir(parents=True)
    (incidents / "inc-0001-silent" / "incident.yaml").write_text(SILENT)
    shutil.copytree(built.incidents / "catalog", incidents / "catalog")
    shutil.copy(built.incidents / "settings.yaml", incidents)
    folder = tmp_path / "project"
    folder.mkdir()
    return Project(folder, incidents)


@pytest.mark.slow
def test_an_incident_without_records_is_decided_on_the_blank_state(empty_incident: Project) -> None:
    """One decision, which asks for the missing context, and a handoff that can be verified."""
    summary = json.loads(empty_incident.run("--format", "json"))
    assert (1, 0, 0) == (summary["incidents"], summary["records"]["read"], summary["files"]["found"])
    assert [{"option": "enrich", "mode": "automatic", "incidents": 1}] == summary["decisions"]
    assert 0 == empty_incident.verify().returncode


@pytest.mark.slow
def test_a_blocking_check_stops_everything_downstream(empty_incident: Project) -> None:
    """Exit code 1, the failing check on standard error and in the results, and nothing is published.

    Where not one record of the whole history could be read, it is another folder, or another format.
    """
    (empty_incident.incidents / "inc-0001-silent" / "export.json").write_text('{"of": "another tool"}')
    done = empty_incident.call(*empty_incident.run_arguments)
    assert 1 == done.returncode
    assert "intake.evidence_events: row_count_is_enough" in done.stderr
    assert "Traceback" not in done.stderr
    assert {} == Warehouse(empty_incident.warehouse).published()
    with duckdb.connect(str(empty_incident.warehouse / "failed.duckdb"), read_only=True) as made:
        schemas = made.execute("select distinct table_schema from information_schema.tables order by 1")
        assert [("intake",), ("quality",)] == schemas.fetchall()
        failed = made.execute("""
            select distinct table_name
            from quality.validation_results
            where not is_success and severity = 'error'
        """).fetchall()
    assert ("intake.evidence_events",) in failed


def test_a_run_leaves_a_numbered_manifest(built: Project) -> None:
    """What depends on the run is in its manifest: outcome, code, versions, digests."""
    first = json.loads((built.warehouse / "runs" / "000001.json").read_text())
    assert "succeeded" == first["outcome"]
    assert first["root_sha256"] == built.digest().split()[-2]
    assert sorted(TABLES) == sorted(first["tables"])


def test_nothing_is_written_outside_the_own_folders(built: Project) -> None:
    """Below a clone there are the warehouse, the handoffs and Dagster's history, and nothing else."""
    cloned = {"dagster.yaml", "workspace.yaml"}
    assert {".dagster", "out", "warehouse"} == {path.name for path in built.folder.iterdir()} - cloned


@pytest.mark.slow
def test_incidents_that_are_gone_leave_nothing(copied: Project) -> None:
    """A run in an old warehouse ends where a run in a new one ends."""
    learning = Warehouse(copied.warehouse).read("kpis.learning").to_pylist()
    last_week = max(row["week"] for row in learning)
    gone = {row["incident_id"] for row in learning if row["week"] == last_week}
    for declaration in sorted(copied.incidents.rglob("incident.yaml")):
        if declaration.parent.name in gone:
            shutil.rmtree(declaration.parent)
    copied.run()
    handoffs = {path.stem for path in (copied.folder / "out" / "handoffs").iterdir()}
    assert {row["incident_id"] for row in learning} - gone == handoffs
    fresh = Project(_new_folder(copied), copied.incidents)
    fresh.run()
    assert fresh.digest() == copied.digest()
    assert 0 == copied.verify().returncode


def _new_folder(project: Project) -> Path:
    folder = project.folder.parent / "fresh"
    folder.mkdir()
    return folder


def test_a_run_warns_of_a_version_that_does_not_compile(
    built: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its summary names the version, the place of the fault and what follows, on one line; the JSON too."""
    shutil.copytree(ROOT / "playbooks", tmp_path / "playbooks")
    (tmp_path / "playbooks/v4").mkdir()
    (tmp_path / "playbooks/v4/playbook.yaml").write_text("title: Cut off\nneed: [50\n")
    folders = Folders(
        incidents=str(built.incidents),
        warehouse=str(built.warehouse),
        out=str(built.folder / "out"),
        playbooks=str(tmp_path / "playbooks"),
    )
    print_summary(folders, "text")
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("warning: playbook")]
    fault = f"{tmp_path}/playbooks/v4/playbook.yaml:3:1: is not YAML"
    assert [True] == [
        line.startswith(f"warning: playbook v4 does not compile and is not replayed: {fault}")
        for line in lines
    ]
    print_summary(folders, "json")
    refused = json.loads(capsys.readouterr().out)["refused_playbooks"]
    assert [("v4", True)] == [(name, reason.startswith(fault)) for name, reason in refused.items()]
