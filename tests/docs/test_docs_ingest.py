"""The page about ingesting shows what `evidence ingest` prints and writes for recorded exports."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sections import with_section
from typer.testing import CliRunner

from evidence.ingest.naming import KINDS
from pipelines.cli import app

ROOT = Path(__file__).parents[2]
PAGE = "docs/how-to/ingest-exports.md"
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


@pytest.mark.golden
def test_the_page_shows_what_an_ingest_prints_and_writes(golden, folder: Path) -> None:
    """A dry run, a written incident, a first run from nothing, and a table of incidents."""
    paths = sorted(EXPORTS)
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    text = with_section(text, "dry", shown("ingest", *paths, "--dry-run"))
    shown("ingest", *paths)
    text = with_section(text, "written", listing(folder))
    text = with_section(text, "first", first_run(folder / "new" / "here", folder / "exports" / "cloud"))
    mapped = shown("ingest", "incidents.csv", "--mapping", "mapping.yaml")
    golden(PAGE, with_section(text, "mapped", mapped))


def test_every_kind_of_entity_is_on_the_page() -> None:
    """What may tie records together is told by name."""
    page = (ROOT / PAGE).read_text(encoding="utf-8")
    told = {"credential": "credential", "name": "service name", "nothing": "names nothing"}
    assert [] == [kind for kind in KINDS if told.get(kind, kind) not in page]
