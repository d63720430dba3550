"""A run publishes one version: readers see the last one until every step has succeeded."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from dagster._core.definitions.data_version import StaleStatus
from staleness import status

from assets.checks import RESULTS
from assets.dagster_records import VERSION_TAG
from assets.folders import Folders
from assets.specs import key_of
from evidence.placing import aside_of
from evidence.warehouse import Published
from pipelines.definitions import defs

ROOT = Path(__file__).parents[2]
UNCLAIMED = "intake.unclaimed_files"
STAGES = ("recorded_incidents", "intake", "quality/completeness", "playbook", "enrichment")


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """A history in memory."""
    with dg.DagsterInstance.ephemeral() as found:
        yield found


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    """A catalogue of services, settings, two incidents and playbooks of one's own, with nothing built yet."""
    incidents = tmp_path / "fixtures"
    shutil.copytree(ROOT / "fixtures", incidents)
    for spare in sorted(path.parent for path in incidents.rglob("incident.yaml"))[2:]:
        shutil.rmtree(spare)
    shutil.copytree(ROOT / "playbooks", tmp_path / "playbooks")
    return Folders(
        incidents=str(incidents),
        warehouse=str(tmp_path / "warehouse"),
        out=str(tmp_path / "out"),
        playbooks=str(tmp_path / "playbooks"),
    )


def run(folders: Folders, instance: dg.DagsterInstance, **options: Any) -> dg.ExecuteInProcessResult:
    """The stages up to enrichment without their checks, as from the graph; a failing step does not raise."""
    keys = [
        key
        for key in defs.resolve_asset_graph().get_all_asset_keys()
        if key.to_user_string().startswith(STAGES)
    ]
    job = defs.resolve_job_def("materialise_everything")
    return job.execute_in_process(
        run_config={"resources": {"folders": {"config": folders.model_dump()}}},
        asset_selection=options.pop("asset_selection", keys),
        instance=instance,
        raise_on_error=False,
        **options,
    )


def broken(folders: Folders) -> Callable[[], None]:
    """Break the active playbook, so that enrichment fails after intake; returns what mends it."""
    active = folders.playbooks_path / "active.yaml"
    text = active.read_text()
    active.write_text("active: v99\n")
    return lambda: active.write_text(text) and None


def one_file_more(folders: Folders) -> None:
    """Something arrives that only intake tells of."""
    (folders.incidents_path / "notes.txt").write_text("arrived later")


def shown(catalogue: Path, table: str) -> int:
    """Rows that somebody finds who opens the catalogue."""
    with duckdb.connect(str(catalogue), read_only=True) as analyst:
        return analyst.sql(f"from {table}").to_arrow_table().num_rows


def assert_believed(instance: dg.DagsterInstance, published: Mapping[str, Published]) -> None:
    """Dagster knows each table in its published version; the verdicts are no step of these runs."""
    tables = published.keys() - {RESULTS}
    events = {name: instance.get_latest_materialization_event(key_of(name)) for name in tables}
    made = {name: event.asset_materialization for name, event in events.items() if event}
    assert {name: published[name].digest for name in tables} == {
        name: (each.tags or {})[VERSION_TAG] for name, each in made.items() if each
    }


def test_a_failed_run_publishes_nothing(folders: Folders, instance: dg.DagsterInstance) -> None:
    """The last version stays to the byte; what the run had made is shown in a catalogue of its own."""
    assert run(folders, instance).success
    manifest = folders.tables.root / "published.json"
    before = {path: path.read_bytes() for path in folders.tables.root.glob("*.*") if path.is_file()}
    one_file_more(folders)
    broken(folders)
    assert not run(folders, instance).success
    after = {path: path.read_bytes() for path in folders.tables.root.glob("*.*") if path.is_file()}
    failed = folders.tables.failed_catalogue
    assert {failed} == after.keys() - before.keys()
    assert before == {path: content for path, content in after.items() if path != failed}
    assert manifest in before
    assert shown(failed, UNCLAIMED) == 1 + shown(folders.tables.catalogue, UNCLAIMED)


@pytest.mark.slow
@pytest.mark.slow
def test_a_failed_run_that_goes_on_publishes_all_of_its_version(
    folders: Folders, instance: dg.DagsterInstance
) -> None:
    """Executed again from its failure it reads what its first half had made, and publishes both halves."""
    assert run(folders, instance).success
    before = folders.tables.published()
    one_file_more(folders)
    mend = broken(folders)
    failed = run(folders, instance)
    mend()
    options = dg.ReexecutionOptions.from_failure(failed.run_id, instance)
    again = dg.execute_job(
        dg.reconstructable(everything),
        instance,
        run_config={"resources": {"folders": {"config": folders.model_dump()}}},
        reexecution_options=options,
    )
    assert again.success
    steps = {event.step_key for event in again.all_events if event.is_step_success}
    assert "enrichment" in steps
    assert "intake" not in steps
    after = folders.tables.published()
    assert before[UNCLAIMED].row_count + 1 == after[UNCLAIMED].row_count
    assert_believed(instance, after)
    assert [] == list(folders.tables.root.glob("drafts")) + list(folders.tables.root.glob("failed.*"))


def everything() -> dg.JobDefinition:
    """The job, as a process that executes a run again finds it."""
    return defs.resolve_job_def("materialise_everything")


def test_the_graph_tells_of_what_is_published(folders: Folders, instance: dg.DagsterInstance) -> None:
    """After a failed run Dagster names the versions that readers find, and that they are out of date."""
    assert run(folders, instance).success
    assert StaleStatus.FRESH is status(instance, key_of(UNCLAIMED))
    one_file_more(folders)
    (folders.incidents_path / "settings.yaml").open("a").write("# edited\n")
    broken(folders)
    assert not run(folders, instance).success
    assert_believed(instance, folders.tables.published())
    assert StaleStatus.STALE is status(instance, key_of(UNCLAIMED))


@pytest.mark.slow
def test_a_run_of_some_assets_replaces_their_tables_only(
    folders: Folders, instance: dg.DagsterInstance
) -> None:
    """Its version is the last one with these tables replaced."""
    assert run(folders, instance).success
    before = folders.tables.published()
    one_file_more(folders)
    intake = [key for key in defs.resolve_asset_graph().get_all_asset_keys() if key.path[0] == "intake"]
    assert run(folders, instance, asset_selection=intake).success
    after = folders.tables.published()
    assert {UNCLAIMED, RESULTS} == {name for name in after if after[name] != before[name]}
    assert before.keys() == after.keys()


def test_what_cannot_be_published_fails_the_run(folders: Folders, instance: dg.DagsterInstance) -> None:
    """No run succeeds whose tables nobody can see: here something stands where the catalogue is written."""
    aside_of(folders.tables.catalogue).mkdir(parents=True)
    assert not run(folders, instance).success
    assert {} == folders.tables.published()
    (found,) = instance.get_runs()
    assert dg.DagsterRunStatus.FAILURE is found.status
