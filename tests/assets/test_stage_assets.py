"""Assets read, call the core, publish and report; tried as a user of Dagster would, on recorded incidents."""

from __future__ import annotations

import datetime
import json
import re
import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets import code, intake, kpis
from assets.checks import failing_markdown
from assets.code import code_version
from assets.folders import Folders
from assets.inputs import input_digest, input_files
from assets.reports import REPORTS
from evidence.errors import InputError
from evidence.placing import replace_packages
from evidence.warehouse import Warehouse
from expectations.checks import GROUPS, context_check
from expectations.minimum_context import MINIMUM_CONTEXT
from expectations.suites import KEY_SEPARATOR, evaluate
from expectations.tables import STAGES
from pipelines.definitions import defs

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures"


def folders_in(path: Path, incidents: Path = FIXTURES) -> Folders:
    """Folders of a run in `path`."""
    return Folders(
        incidents=str(incidents),
        warehouse=str(path / "warehouse"),
        out=str(path / "out"),
        playbooks=str(ROOT / "playbooks"),
    )


def materialise(folders: Folders, **options: Any) -> dg.ExecuteInProcessResult:
    """The job, in these folders."""
    return defs.resolve_job_def("materialise_everything").execute_in_process(
        run_config={"resources": {"folders": {"config": folders.model_dump()}}}, **options
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Folders, dg.ExecuteInProcessResult]:
    """One run of everything, with what Dagster has recorded of it."""
    folders = folders_in(tmp_path_factory.mktemp("built"))
    return folders, materialise(folders)


def test_data_versions_are_the_published_digests(built: tuple[Folders, dg.ExecuteInProcessResult]) -> None:
    """What Dagster calls a table's version is the digest that the warehouse published."""
    folders, result = built
    versions = {
        ".".join(event.asset_key.path): event.materialization.tags["dagster/data_version"]
        for event in result.get_asset_materialization_events()
        if event.asset_key and len(event.asset_key.path) == 2 and not event.partition
    }
    del versions[REPORTS]  # files, no table
    assert {name: entry.digest for name, entry in folders.tables.published().items()} == versions


def test_inputs_are_assets_with_the_digest_of_their_files(
    built: tuple[Folders, dg.ExecuteInProcessResult],
) -> None:
    """The recorded incidents' version is the digest over all files read."""
    _, result = built
    (event,) = result.asset_materializations_for_node("recorded_incidents")
    assert event.tags is not None
    assert input_digest(input_files(FIXTURES)) == event.tags["dagster/data_version"]


def test_every_verdict_is_published(built: tuple[Folders, dg.ExecuteInProcessResult]) -> None:
    """The table of verdicts has one part per group of checks and speaks of every other table."""
    folders, _ = built
    entry = folders.tables.published()["quality.validation_results"]
    assert set(GROUPS) - {"validation"} == set(entry.parts)
    spoken_of = set(folders.tables.read("quality.validation_results").column("table_name").to_pylist())
    assert set(folders.tables.published()) - {"quality.validation_results"} == spoken_of


def test_warnings_list_incidents_and_block_nothing(
    built: tuple[Folders, dg.ExecuteInProcessResult],
) -> None:
    """An incident without owner is named in the check's metadata, and is decided all the same."""
    folders, result = built
    (evaluation,) = [
        event
        for event in result.get_asset_check_evaluations()
        if event.check_name == "every_incident_has_owner"
    ]
    assert (False, dg.AssetCheckSeverity.WARN) == (evaluation.passed, evaluation.severity)
    assert "inc-0111-orphan-report-job" in str(evaluation.metadata["failing"].value)
    decided = folders.tables.read("decision.decisions").column("incident_id").to_pylist()
    assert "inc-0111-orphan-report-job" in decided


def test_both_verdicts_on_minimum_context_agree(
    built: tuple[Folders, dg.ExecuteInProcessResult],
) -> None:
    """For each moment of each incident Great Expectations misses the fields that SQL misses."""
    table = built[0].tables.read("enrichment.incident_states")
    by_sql = {
        (f"every_incident_has_{field}", KEY_SEPARATOR.join((row["incident_id"], str(row["moment"]))))
        for row in table.to_pylist()
        for field in row["missing_context"]
    }
    checks = [context_check(field, "enrichment.incident_states") for field in MINIMUM_CONTEXT]
    by_expectations = {(v.check.name, key) for v in evaluate(checks, table) for key in v.failing_keys}
    assert by_sql
    assert by_sql == by_expectations


def test_the_weeks_in_which_incidents_count_are_partitions(
    built: tuple[Folders, dg.ExecuteInProcessResult],
) -> None:
    """A run that names no week materialises each week that has an incident."""
    folders, result = built
    partitions = {
        event.partition
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(["kpis", "weekly_mttd"])
    }
    published = folders.tables.published()["kpis.weekly_mttd"].parts
    assert {kpis.monday_of(week) for week in published} | {None} == partitions


_TOLD = ("dagster/partition_row_count", "dagster/row_count", "digest")


def test_one_week_replaces_one_part(built: tuple[Folders, dg.ExecuteInProcessResult], tmp_path: Path) -> None:
    """A run for one partition publishes that week alone, and tells how many rows it has and the table has."""
    source, _ = built
    folders = folders_in(tmp_path)
    shutil.copytree(source.warehouse, folders.warehouse)
    manifest = Path(folders.warehouse) / "published.json"
    before = json.loads(manifest.read_bytes())
    week = sorted(before["kpis.weekly_mttd"])[0]
    without = {name: dict(parts) for name, parts in before.items()}
    for name in without:
        if name.startswith("kpis.weekly_"):
            del without[name][week]
    manifest.write_text(json.dumps(without))
    keys = [dg.AssetKey(name.split(".")) for name in before if name.startswith("kpis.weekly_")]
    result = materialise(folders, asset_selection=keys, partition_key=kpis.monday_of(week))
    assert before == json.loads(manifest.read_bytes())
    told = {
        f"kpis.{event.asset_key.path[1]}": tuple(event.materialization.metadata[each].value for each in _TOLD)
        for event in result.get_asset_materialization_events()
        if event.asset_key and event.partition
    }
    published = folders.tables.published()
    assert {
        name: (entry.parts[week].row_count, entry.row_count, entry.parts[week].digest)
        for name, entry in published.items()
        if name.startswith("kpis.weekly_")
    } == told


@pytest.mark.parametrize(
    ("week", "monday"),
    [
        ("2026-W01", "2025-12-29"),
        ("2026-W02", "2026-01-05"),
        ("2026-W53", "2026-12-28"),
        ("2027-W01", "2027-01-04"),
    ],
)
def test_a_partition_is_an_iso_week(week: str, monday: str) -> None:
    """Mondays and ISO weeks are translated into one another, also around New Year."""
    assert (week, monday) == (kpis.iso_week(monday), kpis.monday_of(week))


def test_a_changed_file_changes_the_version_of_the_inputs(tmp_path: Path) -> None:
    """One byte in one export, and everything below is stale; a README is not read."""
    shutil.copytree(FIXTURES, tmp_path / "fixtures")
    digest = input_digest(input_files(tmp_path / "fixtures"))
    declaration = next((tmp_path / "fixtures").rglob("incident.yaml"))
    (declaration.parent / "README.md").write_text("other words")
    assert digest == input_digest(input_files(tmp_path / "fixtures"))
    export = next(path for path in sorted(declaration.parent.glob("*.json*")))
    export.write_bytes(export.read_bytes() + b"\n")
    assert digest != input_digest(input_files(tmp_path / "fixtures"))


def test_inputs_beside_the_incidents_are_found(tmp_path: Path) -> None:
    """Catalogue and settings may lie beside the folder of incidents."""
    found = input_files(FIXTURES / "incidents")
    assert "../settings.yaml" in found
    assert any(path.startswith("../catalog/") for path in found)


def test_missing_settings_are_an_input_error(tmp_path: Path) -> None:
    """A folder without settings, in it or beside it, is told as such."""
    (tmp_path / "deep" / "incidents").mkdir(parents=True)
    with pytest.raises(InputError, match=r"settings\.yaml"):
        input_files(tmp_path / "deep" / "incidents")


def test_a_failing_intake_publishes_nothing(tmp_path: Path) -> None:
    """Bad input raises before anything is published."""
    (tmp_path / "incidents").mkdir()
    shutil.copy(FIXTURES / "settings.yaml", tmp_path)
    shutil.copytree(FIXTURES / "catalog", tmp_path / "catalog")
    folders = folders_in(tmp_path, tmp_path / "incidents")
    with pytest.raises(InputError):
        list(intake.intake_tables(folders=folders))
    assert {} == Warehouse(tmp_path / "warehouse").published()


def test_handoff_files_are_replaced_as_a_set(tmp_path: Path) -> None:
    """New ones are written, equal ones left alone, others removed."""
    replace_packages(tmp_path, {"handoffs/a.json": b"1", "handoffs/b.json": b"1"})
    first = (tmp_path / "handoffs" / "a.json").stat().st_mtime_ns
    replace_packages(tmp_path, {"handoffs/a.json": b"1", "handoffs/c.json": b"2"})
    written = {path.name: path.read_bytes() for path in (tmp_path / "handoffs").iterdir()}
    assert {"a.json": b"1", "c.json": b"2"} == written
    assert first == (tmp_path / "handoffs" / "a.json").stat().st_mtime_ns


def test_failing_keys_stay_inert_in_markdown() -> None:
    """A key that an attacker chose cannot leave its code span."""

    class Failing:
        """What the text needs of a verdict."""

        class expectation:
            name, column = "is_never_null", "name"

        failing_count, row_count, failing_keys = 1, 1, ("`<img src=x>\n`",)

    text = failing_markdown([Failing])  # type: ignore[list-item]
    assert "- `` `<img src=x> ` ``\n" in text


def test_the_sensor_asks_for_a_complete_incident_only(tmp_path: Path) -> None:
    """A folder that does not read is looked at again; when it reads, one run is asked for, once."""
    incidents = tmp_path / "incidents"
    source = sorted(FIXTURES.rglob("incident.yaml"))[0].parent
    shutil.copytree(source, incidents / source.name)
    declaration = incidents / source.name / "incident.yaml"
    whole = declaration.read_text()
    cursor, asked = None, []
    for text in (whole[:40], whole[:40], whole, whole, whole):
        if declaration.read_text() != text:
            declaration.write_text(text)
        with dg.build_sensor_context(
            cursor=cursor, resources={"folders": folders_in(tmp_path, incidents)}, definitions=defs
        ) as context:
            tick = defs.resolve_sensor_def("new_incidents").evaluate_tick(context)
        cursor = tick.cursor
        asked.append([request.tags["incidents"] for request in tick.run_requests or []])
    assert [[], [], [], [source.name], []] == asked


def test_the_sensor_asks_for_nothing_that_a_run_would_refuse(tmp_path: Path) -> None:
    """A sound folder waits for a broken one beside it, and says for which; mended, both are in one run."""
    incidents = tmp_path / "incidents"
    names = [path.parent.name for path in sorted(FIXTURES.rglob("incident.yaml"))[:2]]
    for name in names:
        shutil.copytree(FIXTURES / "incidents" / name, incidents / name)
    broken = incidents / names[1] / "incident.yaml"
    whole = broken.read_text()
    cursor, asked, reasons = None, [], []
    for text in ("id: [", "id: [", whole, whole):
        if broken.read_text() != text:
            broken.write_text(text)
        with dg.build_sensor_context(
            cursor=cursor, resources={"folders": folders_in(tmp_path, incidents)}, definitions=defs
        ) as context:
            tick = defs.resolve_sensor_def("new_incidents").evaluate_tick(context)
        cursor = tick.cursor
        asked.append([request.tags["incidents"] for request in tick.run_requests or []])
        reasons.append(tick.skip_message or "")
    assert [[], [], [], [", ".join(names)]] == asked
    assert names[1] in reasons[1]


# Dagster calls a function of its own that it deprecates.
@pytest.mark.filterwarnings("ignore:Function `JobDefinition.run_request:DeprecationWarning")
def test_the_schedule_asks_for_the_week_that_has_ended() -> None:
    """On Monday at six the run is for the week whose Sunday was yesterday."""
    at = datetime.datetime(2026, 3, 9, 6, tzinfo=datetime.UTC)
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(
            instance, scheduled_execution_time=at, repository_def=defs.get_repository_def()
        )
        tick = defs.resolve_schedule_def("every_monday").evaluate_tick(context)
    assert ["2026-03-02"] == [request.partition_key for request in tick.run_requests or []]


def test_code_versions_differ_by_stage() -> None:
    """Each stage has its own code version, the same at each call."""
    versions = [code_version(stage) for stage in ("intake", "enrichment", "decision", "handoff", "kpis")]
    assert 5 == len(set(versions))
    assert versions[0] == code_version("intake")


@pytest.mark.parametrize("stage", [*STAGES, "report"])
def test_a_code_version_covers_what_the_code_imports(stage: str) -> None:
    """Rooms that the stage's code imports, and those that they import: an edit there makes it stale."""
    rooms = {"simulator"} if stage == "replay" else {f"evidence/{stage}"}
    wanted = set(rooms)
    while wanted:
        imported = {room for each in wanted for room in imported_rooms(each)}
        wanted = imported - rooms
        rooms |= imported
    covered = {path.relative_to(ROOT) for path in code.files_of(stage)}
    files = {path.relative_to(ROOT) for room in rooms for path in (ROOT / room).rglob("*.py")}
    assert set() == files - covered


def imported_rooms(room: str) -> set[str]:
    """Folders below `evidence` that modules of a folder import from."""
    files = [path.read_text() for path in (ROOT / room).rglob("*.py")]
    found = {name for text in files for name in re.findall(r"(?:from|import) evidence\.(\w+)", text)}
    found |= {name for text in files for name in re.findall(r"from evidence import (\w+)", text)}
    return {f"evidence/{name}" for name in found if (ROOT / "evidence" / name).is_dir()}


def test_the_gravest_package_is_shown(built: tuple[Folders, dg.ExecuteInProcessResult]) -> None:
    """Beside the table of packages stands one of them, as its file has it."""
    folders, result = built
    shown = [
        event.materialization.metadata["package"].value
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(["handoff", "packages"])
    ]
    assert 1 == len(shown)
    files = [path.read_text() for path in (folders.out_path / "handoffs").glob("*.md")]
    assert shown[0] in files


def test_replays_rest_on_the_code_of_the_simulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An edit there, or of the kernel, makes replays stale; it makes no other stage's tables stale."""
    for room in ("evidence/decision", "evidence/kpis", "simulator/replays"):
        (tmp_path / room).mkdir(parents=True)
    monkeypatch.setattr(code, "_ROOT", tmp_path)
    stages, versions = ("decision", "kpis", "replay"), []
    for edited in ("", "simulator/replays/replay.py", "evidence/decision/kernel.py"):
        if edited:
            (tmp_path / edited).write_text("edited = True\n")
        versions.append([code.code_version.__wrapped__(stage) for stage in stages])
    before, simulator, kernel = versions
    assert ["replay"] == [stage for stage, a, b in zip(stages, before, simulator, strict=True) if a != b]
    assert ["decision", "replay"] == [s for s, a, b in zip(stages, simulator, kernel, strict=True) if a != b]
