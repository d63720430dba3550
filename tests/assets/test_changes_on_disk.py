"""What changes on disk is seen on the graph without a run, and read no more often than it must be."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from staleness import tick

from assets.dagster_records import recorded_version
from assets.folders import Folders
from assets.inputs import input_digest, input_files
from pipelines import sensors
from pipelines.definitions import defs

FIXTURES = Path(__file__).parents[2] / "fixtures"
INCIDENT = sorted(FIXTURES.rglob("incident.yaml"))[0].parent.name


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    """One recorded incident that a test may change."""
    for name in ("catalog", f"incidents/{INCIDENT}"):
        shutil.copytree(FIXTURES / name, tmp_path / name)
    shutil.copy(FIXTURES / "settings.yaml", tmp_path)
    return Folders(incidents=str(tmp_path / "incidents"), warehouse=str(tmp_path / "warehouse"))


@pytest.fixture
def instance(folders: Folders) -> Iterator[dg.DagsterInstance]:
    """A history in which a run has looked at the incidents."""
    with dg.DagsterInstance.ephemeral() as made:
        defs.resolve_job_def("materialise_everything").execute_in_process(
            run_config={"resources": {"folders": {"config": folders.model_dump()}}},
            asset_selection=[dg.AssetKey(["recorded_incidents"])],
            instance=made,
        )
        yield made


def ticks(
    instance: dg.DagsterInstance, folders: Folders, count: int, cursor: str | None = None
) -> tuple[list[str], str | None]:
    """What so many ticks say, and the last cursor."""
    said = []
    for _ in range(count):
        made = tick(instance, folders, "changed_incidents", cursor)
        cursor = made.cursor or cursor  # a tick without one leaves the last
        said.append(str(made.skip_message))
    return said, cursor


def declaration(folders: Folders) -> Path:
    """The file that says what the incident is."""
    return folders.incidents_path / INCIDENT / "incident.yaml"


def test_a_changed_file_gives_the_incidents_another_version(
    instance: dg.DagsterInstance, folders: Folders
) -> None:
    """At the second look, so that a copy under way is not read; the version is the one that a run reports."""
    before = recorded_version(instance, "recorded_incidents")
    _, cursor = ticks(instance, folders, 2)
    assert before == recorded_version(instance, "recorded_incidents")
    path = declaration(folders)
    path.write_text(path.read_text() + "# more\n")
    said, _ = ticks(instance, folders, 2, cursor)
    assert ["files have changed; looked at again", "changed: recorded_incidents"] == said
    digest = input_digest(input_files(folders.incidents_path))
    assert before != digest
    assert digest == recorded_version(instance, "recorded_incidents")


def test_files_are_read_once(instance: dg.DagsterInstance, folders: Folders) -> None:
    """Afterwards names, sizes and times of change are all that is looked at."""
    _, cursor = ticks(instance, folders, 2)
    path = declaration(folders)
    status = path.stat()
    path.write_text("x" * status.st_size)  # would be refused if it were read
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert ["no file has changed"] * 2 == ticks(instance, folders, 2, cursor)[0]


def test_what_cannot_be_read_is_said_and_looked_at_again(
    instance: dg.DagsterInstance, folders: Folders
) -> None:
    """A declaration that is half written changes nothing; once it reads, the change is seen."""
    path = declaration(folders)
    whole = path.read_text()
    path.write_text(whole[:40])
    said, cursor = ticks(instance, folders, 3)
    assert f"{INCIDENT}/incident.yaml" in said[1]
    assert said[1] == said[2]
    path.write_text(whole + "# more\n")
    assert "changed: recorded_incidents" == ticks(instance, folders, 2, cursor)[0][1]


def test_more_than_a_tick_can_read_is_left_to_a_run(
    instance: dg.DagsterInstance, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tick says so, and what to do instead."""
    monkeypatch.setattr(sensors, "HASHED_FILES_MAX", 3)
    (said,), _ = ticks(instance, folders, 1)
    assert said.endswith("materialise recorded_incidents to see what is stale")


@pytest.mark.parametrize("sensor", ["edited_playbooks", "changed_incidents"])
def test_before_the_first_run_nothing_is_reported(folders: Folders, sensor: str) -> None:
    """Nothing rests on playbooks and incidents yet, so that nothing can be stale."""
    own = folders.model_copy(update={"playbooks": str(FIXTURES.parent / "playbooks")})
    with dg.DagsterInstance.ephemeral() as empty:
        made = [tick(empty, own, sensor)]
        made.append(tick(empty, own, sensor, made[0].cursor))
    assert [[], []] == [each.asset_events for each in made]
