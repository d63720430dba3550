"""Weekly reports as Dagster writes them: the last week, weeks asked for, and anew where evidence was late."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.folders import Folders
from assets.kpis import monday_of
from assets.reports import REPORTS, unchanged_reports
from assets.specs import key_of
from evidence.published_faults import report_faults
from evidence.report import INPUTS
from pipelines.definitions import defs

ROOT = Path(__file__).parents[2]
FIRST, LATE = "inc-0101-checkout-shell", "inc-0102-checkout-bad-release"  # both of 2026-W03
WEEK, NEXT = "2026-W03", "2026-W04"


def folders_in(path: Path) -> Folders:
    """Folders of a run in `path`, with one recorded incident."""
    incidents = path / "fixtures"
    for name in ("catalog", "settings.yaml", f"incidents/{FIRST}"):
        source, target = ROOT / "fixtures" / name, incidents / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
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


def drop_in_late(folders: Folders) -> None:
    """Put an incident of the week there whose every export arrived three days after the week's end."""
    target = folders.incidents_path / "incidents" / LATE
    shutil.copytree(ROOT / "fixtures/incidents" / LATE, target)
    file = target / "incident.yaml"
    names = sorted(path.name for path in target.iterdir() if path.name not in ("incident.yaml", "README.md"))
    declared = file.read_text().partition("\nreceived:")[0]
    file.write_text(
        declared + "\nreceived:\n" + "".join(f"  {name}: 2026-01-22T08:00:00Z\n" for name in names)
    )


def written(folders: Folders) -> dict[str, str]:
    """The reports, by name of file."""
    return {path.name: path.read_text() for path in sorted((folders.out_path / "kpis").iterdir())}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """The folders of the runs."""
    return folders_in(tmp_path_factory.mktemp("reports"))


@pytest.fixture(scope="module")
def told(folders: Folders) -> tuple[dict[str, str], dict[str, str], Any]:
    """The reports of a run, those of the next after a late incident, and the next's materialisation."""
    materialise(folders)
    before = written(folders)
    drop_in_late(folders)
    result = materialise(folders)
    (event,) = [e for e in result.get_asset_materialization_events() if e.asset_key == key_of(REPORTS)]
    materialise(folders, partition_key=monday_of(NEXT), asset_selection=[key_of(REPORTS)])
    return before, written(folders), event.materialization


def test_a_run_of_everything_writes_the_last_week(told: tuple[dict[str, str], dict[str, str], Any]) -> None:
    """As a page and as Markdown, and no other week."""
    before, _, _ = told
    assert [f"{WEEK}.html", f"{WEEK}.md"] == list(before)
    assert "1 incident this week" in before[f"{WEEK}.md"]
    assert "what is left of the week was quiet, or has not arrived yet" in before[f"{WEEK}.md"]


def test_a_late_incident_restates_the_week_that_it_touches(
    told: tuple[dict[str, str], dict[str, str], Any],
) -> None:
    """The next run writes the week anew, and names the incident and the records that came late."""
    _, after, _ = told
    said = after[f"{WEEK}.md"]
    assert "2 incidents this week" in said
    assert f"because of `{LATE}`" in said
    assert "| coverage, incidents | 1 | 2 |" in said
    assert "Nothing of it had arrived when the week ended." in said
    assert "known only at 2026-01-22T08:00:00Z" in said


def test_a_run_of_a_week_writes_its_report(told: tuple[dict[str, str], dict[str, str], Any]) -> None:
    """As the schedule does on Monday, also for a week without incidents."""
    _, after, _ = told
    assert [f"{week}.{end}" for week in (WEEK, NEXT) for end in ("html", "md")] == list(after)
    assert "No incident was detected this week; the week before had 2." in after[f"{NEXT}.md"]


def test_dagster_shows_the_report(told: tuple[dict[str, str], dict[str, str], Any]) -> None:
    """Its Markdown and charts stand in the metadata; the version is that of the files."""
    _, after, materialization = told
    shown = materialization.metadata["report"].value
    assert shown.startswith(after[f"{WEEK}.md"])
    assert 6 == shown.count("](data:image/svg+xml;base64,")
    assert materialization.tags["dagster/data_version"]


def test_where_nothing_has_changed_nothing_is_drawn(
    told: tuple[dict[str, str], dict[str, str], Any], folders: Folders
) -> None:
    """Tables and files are as they were left; a report that was edited, or not written yet, is due."""
    _, after, _ = told
    found = unchanged_reports(folders, ())
    assert found is not None
    digests, shown = found
    assert 6 == shown.count("](data:image/svg+xml;base64,")
    assert set(after) == {Path(name).name for name in digests}
    assert shown.startswith(after[f"{WEEK}.md"])
    assert unchanged_reports(folders, ("2026-W01",)) is None
    page = folders.out_path / f"kpis/{WEEK}.html"
    page.write_text(after[page.name].replace("2 incidents", "3 incidents"))
    assert unchanged_reports(folders, ()) is None
    assert [f"kpis/{WEEK}.html"] == [
        fault.path for fault in report_faults(folders.tables.root, folders.out_path)
    ]
    page.write_text(after[page.name])
    assert [] == list(report_faults(folders.tables.root, folders.out_path))


def test_the_asset_names_what_a_report_reads() -> None:
    """The graph leads to every table that the report is made from, and to no other."""
    above = defs.resolve_asset_graph().get(key_of(REPORTS)).parent_keys
    assert {key_of(name) for name in INPUTS} == above
