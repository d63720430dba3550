"""The page about the weekly report shows what the command prints, and what late evidence restates."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sections import with_section
from typer.testing import CliRunner

from evidence import decision, enrichment, intake, kpis, quality
from evidence.settings import load_settings
from evidence.tables import open_memory, register
from evidence.warehouse import Warehouse
from pipelines.cli import app
from simulator.faults.ablation import ablate
from simulator.histories.history import open_tables
from simulator.replays.runs import replay_runs, replay_tables

ROOT = Path(__file__).parents[2]
PAGE = "docs/how-to/read-the-weekly-report.md"
WEEK, LATE_WEEK = "2026-W23", "2026-W03"
IN_TIME, LATE = "inc-0101-checkout-shell", "inc-0102-checkout-bad-release"


def publish(incidents: Path, warehouse: Path) -> None:
    """What a run publishes of these incidents, as far as a report reads it."""
    settings, bundle = (
        load_settings(ROOT / "fixtures/settings.yaml"),
        decision.load_active(ROOT / "playbooks"),
    )
    tables = Warehouse(warehouse)
    with open_memory() as connection:
        read = intake.build(incidents, settings, lambda content: hashlib.sha256(content).hexdigest())
        register(connection, read)
        built = quality.build_completeness(connection)
        register(connection, built)
        built |= enrichment.build(connection, settings, bundle.grading, bundle.detections)
        register(connection, built)
        tables.publish(read | built | decision.decide(connection, bundle))
    with tables.connect() as connection:
        tables.publish({"replay.ablations": ablate(connection, settings, bundle)})
    history = open_tables(tables)
    tables.publish(replay_tables(history, replay_runs(history, (bundle,))))
    with tables.connect() as connection:
        tables.publish(kpis.build(connection, settings))


def late_incidents(folder: Path) -> Path:
    """Two incidents of a week; every export of the second arrived three days after the week's end."""
    for name in (IN_TIME, LATE):
        shutil.copytree(ROOT / "fixtures/incidents" / name, folder / "incidents" / name)
    shutil.copytree(ROOT / "fixtures/catalog", folder / "catalog")
    file = folder / "incidents" / LATE / "incident.yaml"
    names = sorted(
        path.name for path in file.parent.iterdir() if path.name not in ("incident.yaml", "README.md")
    )
    declared = file.read_text().partition("\nreceived:")[0]
    received = "".join(f"  {name}: 2026-01-22T08:00:00Z\n" for name in names)
    file.write_text(f"{declared}\nreceived:\n{received}")
    return folder


def printed(*arguments: str) -> str:
    """What the command prints."""
    done = CliRunner().invoke(app, ["report", *arguments])
    assert done.exit_code == 0, done.stderr
    return done.stdout


@pytest.mark.golden
def test_the_page_shows_what_a_report_says(
    golden: Callable[[str, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last recorded week in the terminal, and the section of a week that was restated."""
    publish(ROOT / "fixtures", tmp_path / "all/warehouse")
    monkeypatch.chdir(tmp_path / "all")
    console = ["```console", f"$ evidence report {WEEK}", *printed(WEEK).splitlines(), "```"]
    text = with_section((ROOT / PAGE).read_text(), "report", console)
    publish(late_incidents(tmp_path / "late"), tmp_path / "late/warehouse")
    monkeypatch.chdir(tmp_path / "late")
    section = printed(LATE_WEEK, "--format", "markdown").partition("\n## Restated\n")[2].partition("\n## ")[0]
    assert LATE in section
    shown = ["```markdown", "## Restated", *section.rstrip().splitlines(), "```"]
    golden(PAGE, with_section(text, "restated", shown))
