"""`make dev` as started for real materialises through GraphQL while analysts query the catalogue."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from dev_servers import RUNS, SCHEDULES, Dev, running, workspace_of
from projects import RUN_SECONDS_MAX, Project, until

from assets.lineage import PLAYBOOK, UPSTREAM, VERSIONS
from assets.specs import group_of
from expectations.tables import TABLES

STALE_SECONDS_MAX = 60
ENDED = ("SUCCESS", "FAILURE", "CANCELED")

# Asks the catalogue again and again until its input ends, through one connection held open all the time or
# through a new one each time, and says what went wrong, what it saw and how often it looked.
ANALYST = """
import contextlib, json, sys, threading
import duckdb

catalogue, is_holding = sys.argv[1], sys.argv[2] == "hold"

def connect():
    return duckdb.connect(catalogue, read_only=True)

def look(connection):
    ask = lambda query: connection.execute(query).fetchall()
    ((counted,),) = ask("select sum(record_count)::bigint from intake.files")
    ((there,),) = ask("select count(*) from intake.raw_records")
    ((incidents,),) = ask("select count(*) from intake.incidents")
    tables = ask("select table_schema || '.' || table_name from information_schema.tables")
    for (table,) in tables:
        ask(f"select count(*) from {table}")
    return counted == there, incidents, len(tables)

errors, seen, looks = [], set(), 0
held = connect() if is_holding else None
ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
is_last = False
while not is_last:
    is_last = ended.wait(0.1)  # one more look after the end, however long a look takes
    try:
        with contextlib.nullcontext(held) if is_holding else connect() as connection:
            seen.add(look(connection))
        looks += 1
        if looks == 1:
            sys.stdout.write("looking\\n")
            sys.stdout.flush()
    except Exception as error:
        errors.append(f"{type(error).__name__}: {error}")
sys.stdout.write(json.dumps({"errors": errors, "seen": sorted(seen), "looks": looks}))
"""

STARTED = "select count(*) from runs where status = 'STARTED'"
ASSETS = """
{
  assetNodes {
    groupName
    assetKey { path }
    description
    kinds
    owners { __typename }
    opNames
    dependencyKeys { path }
    isPartitioned
    partitionStats { numMaterialized }
    assetMaterializations(limit: 1) { metadataEntries { label } }
    assetChecksOrError { ... on AssetChecks { checks { name blocking } } }
  }
}
"""


@pytest.fixture(scope="module")
def workspace(built: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A folder of its own in which everything has been built once, with its history and its incidents."""
    return workspace_of(built, tmp_path_factory.mktemp("workspace") / "clone")


@pytest.fixture(scope="module")
def killed(workspace: Project) -> str:
    """The id of a run of the command line that was killed in that folder as soon as it had begun."""
    history = workspace.folder / ".dagster" / "storage" / "history" / "runs.db"
    with contextlib.closing(sqlite3.connect(history)) as runs:
        process = workspace.start("run")
        until(lambda: runs.execute(STARTED).fetchone() == (1,), RUN_SECONDS_MAX, "the run has begun")
        process.kill()
        process.communicate()
        [(run_id,)] = runs.execute("select run_id from runs where status = 'STARTED'").fetchall()
    return str(run_id)


def arrive(project: Project) -> None:
    """One more incident arrives: the last one happens again, under another id."""
    last = sorted(path.parent for path in project.incidents.rglob("incident.yaml"))[-1]
    again = project.folder / "inc-9901-again"
    shutil.copytree(last, again)
    declaration = again / "incident.yaml"
    declaration.write_text(declaration.read_text().replace(f"id: {last.name}\n", f"id: {again.name}\n"))
    again.rename(last.parent / again.name)


@pytest.fixture(scope="module")
def dev(workspace: Project, killed: str) -> Iterator[Dev]:
    """`make dev` in that folder; the killed run is part of the history that it finds."""
    with running(workspace) as found:
        yield found


def start_analyst(project: Project, way: str) -> subprocess.Popen[str]:
    """An analyst's process that has looked at the catalogue once."""
    analyst = subprocess.Popen(
        [sys.executable, "-c", ANALYST, str(project.warehouse / "evidence.duckdb"), way],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert analyst.stdout is not None
    assert "looking\n" == analyst.stdout.readline()
    return analyst


def end_analyst(analyst: subprocess.Popen[str]) -> Any:
    """What the analyst has to say at the end."""
    report, _ = analyst.communicate(input="", timeout=60)
    return json.loads(report)


@dataclass(frozen=True)
class Launched:
    """A run that published one more incident, as Dagster and two analysts saw it."""

    status: str
    incidents_before: int
    holding: Any
    looking: Any


@pytest.fixture(scope="module")
def launched(dev: Dev, workspace: Project) -> Launched:
    """An incident arrives and the job is launched, while two analysts are at work."""
    holding, looking = start_analyst(workspace, "hold"), start_analyst(workspace, "look")
    before = len(list(workspace.incidents.rglob("incident.yaml")))
    arrive(workspace)
    run_id = dev.launch()
    until(lambda: dev.status(run_id) in ENDED, RUN_SECONDS_MAX, "the run has ended", every=0.5)
    return Launched(dev.status(run_id), before, end_analyst(holding), end_analyst(looking))


def test_a_run_of_the_command_line_is_shown(dev: Dev) -> None:
    """What `evidence run` has built in this folder is in the history of `dagster dev`."""
    runs = dev.ask(RUNS)["runsOrError"]["results"]
    assert ("materialise_everything", "SUCCESS") in [(run["jobName"], run["status"]) for run in runs]


@pytest.mark.slow
def test_a_killed_run_does_not_hold_the_queue(dev: Dev, killed: str, launched: Launched) -> None:
    """Nobody has to turn anything on: it is marked as failed, and the next run is let through."""
    assert ("FAILURE", "SUCCESS") == (dev.status(killed), launched.status)


def test_dagster_keeps_to_its_folder(dev: Dev, workspace: Project) -> None:
    """Its history is kept in `.dagster`, and no temporary home lies about, however it ends."""
    assert "Using temporary directory" not in (workspace.folder / "dev.log").read_text()
    expected = {".dagster", "dagster.yaml", "dev.log", "fixtures", "out", "playbooks", "warehouse"}
    assert expected == {path.name for path in workspace.folder.iterdir()} - {"workspace.yaml"}


@pytest.mark.slow
def test_materialising_does_not_disturb_an_analyst(launched: Launched, workspace: Project) -> None:
    """While the run publishes, every query works and sees whole tables."""
    assert "SUCCESS" == launched.status
    assert ([], []) == (launched.holding["errors"], launched.looking["errors"])
    before, tables = launched.incidents_before, len(workspace.tables())
    # Whoever holds the catalogue keeps the version they opened; whoever opens it anew sees the next one.
    assert [[True, before, tables]] == launched.holding["seen"]
    assert [[True, before, tables], [True, before + 1, tables]] == launched.looking["seen"]
    assert min(launched.holding["looks"], launched.looking["looks"]) > 10


@pytest.mark.slow
def test_what_dagster_dev_built_is_what_the_command_builds(launched: Launched, workspace: Project) -> None:
    """A run through GraphQL and one by the command line publish the same."""
    by_dagster, files = workspace.digest(), workspace.table_files()
    workspace.run()
    assert (by_dagster, files) == (workspace.digest(), workspace.table_files())
    assert 0 == workspace.verify().returncode


def test_assets_are_shown_with_what_a_reader_needs(dev: Dev) -> None:
    """Every table has group, kinds, owner, lineage, facts, and a description of what a row is."""
    nodes = {".".join(node["assetKey"]["path"]): node for node in dev.ask(ASSETS)["assetNodes"]}
    others = {"recorded_incidents", "playbook", "playbook_versions", "kpis.weekly_reports"}
    assert {*TABLES, *others} == set(nodes)
    for name in TABLES:
        node = nodes[name]
        assert node["groupName"] == group_of(TABLES[name]), name
        assert node["description"].startswith("One row per"), name
        assert {"duckdb", "parquet"} <= set(node["kinds"]), name
        assert node["owners"], name
        assert node["dependencyKeys"], name
        labels = {entry["label"] for entry in node["assetMaterializations"][0]["metadataEntries"]}
        assert {"dagster/row_count", "digest"} <= labels, name
        checks = node["assetChecksOrError"]["checks"]
        assert ("keeps_its_contract", True) in [(check["name"], check["blocking"]) for check in checks], name


@pytest.mark.slow
def test_weekly_tables_are_shown_by_week(dev: Dev, launched: Launched, workspace: Project) -> None:
    """Each published week is a materialised partition, without anybody having named the weeks."""
    nodes = dev.ask(ASSETS)["assetNodes"]
    materialised = {
        ".".join(node["assetKey"]["path"]): node["partitionStats"]["numMaterialized"]
        for node in nodes
        if node["isPartitioned"]
    }
    published = json.loads((workspace.warehouse / "published.json").read_text())
    expected = {name: len(parts) for name, parts in published.items() if name.startswith("kpis.weekly_")}
    assert expected == materialised


def test_the_schedule_is_mondays_at_six(dev: Dev) -> None:
    """Schedule, sensors and job are there as documented; what begins no run is on."""
    (node,) = dev.ask(SCHEDULES)["repositoriesOrError"]["nodes"]
    expected = [{"name": "every_monday", "cronSchedule": "0 6 * * 1", "executionTimezone": "UTC"}]
    assert expected == node["schedules"]
    states = {sensor["name"]: sensor["sensorState"]["status"] for sensor in node["sensors"]}
    on = dict.fromkeys(("killed_runs", "edited_playbooks", "changed_incidents"), "RUNNING")
    assert {**on, "new_incidents": "STOPPED"} == states


@pytest.mark.slow
def test_an_edit_of_a_playbook_shows_on_the_graph(dev: Dev, launched: Launched, workspace: Project) -> None:
    """Nobody does anything: all that tells of the active playbook's decisions, or replays it, is stale."""
    assert "SUCCESS" == launched.status
    before = dev.stale()
    playbook = workspace.playbooks / "v3" / "playbook.yaml"
    text = playbook.read_text()
    playbook.write_text(text.replace("floor: 50\n", "floor: 55\n", 1))
    expected = {
        name
        for name, upstream in UPSTREAM.items()
        if {PLAYBOOK, VERSIONS} & {*upstream} and name != "quality.validation_results"
    }
    until(lambda: dev.stale() == expected, STALE_SECONDS_MAX, "what the edit touches is stale", every=0.5)
    playbook.write_text(text)
    assert set() == before
    stages = {name.partition(".")[0] for name in expected}
    assert {"decision", "enrichment", "handoff", "kpis", "replay"} == stages
