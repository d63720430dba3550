"""The page about ingesting shows what `evidence ingest` prints and writes for recorded exports."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from sections import with_section
from typer.testing import CliRunner

from evidence.ingest.naming import KINDS
from pipelines.cli import app

ROOT = Path(__file__).parents[2]
PAGE = "docs/how-to/ingest-exports.md"
GCP = ROOT.parent / "shared" / "real" / "cloud-provider-incidents" / "gcp_incidents.parquet"
OVERALL = """\
select measure, n, open_count, excluded_count, median_seconds, p90_seconds, mean_seconds,
    interval_low_seconds, interval_high_seconds
from kpis.overall
where basis = 'table'"""
EXPORTS = {
    "exports/checkout": "inc-0102-checkout-bad-release",
    "exports/cloud": "inc-0106-public-bucket",
}
ROWS = """\
begin,first_notice,end,service,impact
2026-01-06T12:00:00Z,2026-01-06T12:10:00Z,2026-01-06T13:00:00Z,search,major
2026-01-06T12:00:00Z,2026-01-06T12:10:00Z,2026-01-06T13:00:00Z,search,major
2026-01-07T12:00:00Z,2026-01-07T11:50:00Z,,search,minor
2026-01-09T08:00:00Z,2026-01-09T08:31:00Z,2026-01-09T12:00:00Z,cart,minor
soon,,,cart,minor
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the exports of two incidents, and the catalogue and settings beside them."""
    (tmp_path / "exports").mkdir()
    for name, incident in EXPORTS.items():
        shutil.copytree(ROOT / "fixtures" / "incidents" / incident, tmp_path / name)
    for name in ("catalog", "settings.yaml"):
        (tmp_path / name).symlink_to(ROOT / "fixtures" / name)
    page = (ROOT / PAGE).read_text(encoding="utf-8")
    [mapping] = re.findall(r"```yaml\n# mapping.yaml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "mapping.yaml").write_text(mapping)
    (tmp_path / "incidents.csv").write_text(ROWS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shown(*words: str) -> list[str]:
    """The command as a reader would type it, and what it prints."""
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.stderr
    return ["```console", f"$ evidence {' '.join(words)}", *done.stdout.splitlines(), "```"]


def listing(folder: Path) -> list[str]:
    """What lies in the first incident's folder, and its declaration."""
    first = min(path for path in (folder / "incidents").iterdir() if (path / "incident.yaml").exists())
    names = sorted(path.name for path in first.iterdir())
    head = f"$ ls incidents/{first.name}"
    declaration = (first / "incident.yaml").read_text().splitlines()
    return ["```console", head, *names, f"$ cat incidents/{first.name}/incident.yaml", *declaration, "```"]


def first_run(folder: Path, exports: Path) -> list[str]:
    """What somebody sees who has exports and nothing else. A run ends its process: it gets one of its own."""
    (folder / "exports").mkdir(parents=True)
    shutil.copytree(exports, folder / "exports" / exports.name)
    (folder / "playbooks").symlink_to(ROOT / "playbooks")
    lines = ["```console"]
    for command, shown_from in (
        (f"evidence ingest exports/{exports.name} | tail -3", -3),
        ("evidence run --incidents incidents | grep -v digest", 0),
        ("ls incidents incidents/catalog", 0),
    ):
        words = command.partition(" |")[0].split()
        program = [str(Path(sys.executable).with_name("evidence"))] if words[0] == "evidence" else ["ls"]
        done = subprocess.run([*program, *words[1:]], cwd=folder, capture_output=True, text=True, check=True)
        kept = [line for line in done.stdout.splitlines()[shown_from:] if not line.startswith("digest")]
        lines += [f"$ {command}", *kept]
    return [*lines, "```"]


def left_out(folder: Path) -> list[str]:
    """What could not be read, and what the handoff says of it."""
    lines = (folder / "incidents" / "ingest-gaps.jsonl").read_text().splitlines()
    [handoff] = (folder / "out" / "handoffs").glob("*.md")
    told = [line for line in handoff.read_text().splitlines() if "taken in" in line]
    return [
        "```console",
        "$ cat incidents/ingest-gaps.jsonl",
        *lines,
        "$ grep 'taken in' out/handoffs/*.md",
        *told,
        "```",
    ]


def overall(folder: Path) -> list[str]:
    """What an ingest of the table and a run give, read from the catalogue."""
    page = (ROOT / PAGE).read_text(encoding="utf-8")
    [mapping] = re.findall(r"```yaml\n# gcp.yaml\n(.*?)```", page, re.DOTALL)
    (folder / "gcp.yaml").write_text(mapping)
    shutil.copy(GCP, folder / GCP.name)
    (folder / "playbooks").symlink_to(ROOT / "playbooks")
    evidence = str(Path(sys.executable).with_name("evidence"))
    words = ["ingest", GCP.name, "--mapping", "gcp.yaml", "--into", "gcp"]
    told = subprocess.run([evidence, *words], cwd=folder, capture_output=True, text=True, check=True)
    subprocess.run([evidence, "run", "--incidents", "gcp"], cwd=folder, capture_output=True, check=True)
    with duckdb.connect(str(folder / "warehouse" / "evidence.duckdb"), read_only=True) as catalogue:
        found = catalogue.execute(OVERALL).fetchall()
        names = [column[0] for column in catalogue.description]
    rows = [names, ["---"] * len(names), *found]
    table = ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    shown = ["```console", f"$ evidence {' '.join(words)}", *told.stdout.splitlines(), "```"]
    return [*shown, "", "After `evidence run --incidents gcp`:", "", "```sql", OVERALL, "```", "", *table]


@pytest.mark.slow
@pytest.mark.golden
@pytest.mark.skipif(not GCP.is_file(), reason="the recorded incidents are not beside the repository")
def test_the_page_shows_the_figures_of_a_public_table(golden, tmp_path: Path) -> None:
    """The two medians that are known of it, from the published table."""
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    shown = overall(tmp_path)
    golden(PAGE, with_section(text, "overall", shown))
    cells = [line.split(" | ") for line in shown if line.startswith("| ")]
    medians = {row[0].removeprefix("| "): (row[1], row[4]) for row in cells}
    assert [("1304", "1402"), ("1032", "7033")] == [medians["time_to_detect"], medians["dwell_time"]]
    assert (23.4, 1.95) == (round(1402 / 60, 1), round(7033 / 3600, 2))


@pytest.mark.golden
def test_the_page_shows_what_an_ingest_prints_and_writes(golden, folder: Path) -> None:
    """A dry run, a written incident, a first run from nothing, and a table of incidents."""
    paths = sorted(EXPORTS)
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    text = with_section(text, "dry", shown("ingest", *paths, "--dry-run"))
    shown("ingest", *paths)
    text = with_section(text, "written", listing(folder))
    text = with_section(text, "first", first_run(folder / "new" / "here", folder / "exports" / "cloud"))
    text = with_section(text, "left", left_out(folder / "new" / "here"))
    mapped = shown("ingest", "incidents.csv", "--mapping", "mapping.yaml")
    golden(PAGE, with_section(text, "mapped", mapped))


def test_every_kind_of_entity_is_on_the_page() -> None:
    """What may tie records together is told by name."""
    page = (ROOT / PAGE).read_text(encoding="utf-8")
    told = {"credential": "credential", "name": "service name", "nothing": "names nothing"}
    assert [] == [kind for kind in KINDS if told.get(kind, kind) not in page]
