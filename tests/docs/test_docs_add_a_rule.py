"""The page on adding a rule: its files are written, and what it shows is what comes of them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from evidence import enrichment
from evidence.decision import load_active
from evidence.settings import load_settings
from evidence.tables import Tables, open_memory, register
from pipelines.cli import app

ROOT = Path(__file__).parents[2]
PAGE = "docs/how-to/add-a-rule.md"
FILES = re.compile(r"<!-- file: (?P<name>[^ ]+) -->\n```yaml\n(?P<text>.*?)```", re.DOTALL)
RULES = re.compile(r"<!-- rule: (?P<name>[^ ]+) -->\n```yaml\n(?P<text>.*?)```", re.DOTALL)
EDITS = re.compile(r"<!-- edit: (?P<folder>[^ /]+)/(?P<name>[^ ]+): (?P<old>[^\n]+) -> (?P<new>[^\n]+) -->")
OUTPUT = re.compile(
    r"(?P<begin><!-- output: (?P<command>[^\n]+) -->\n).*?(?P<end><!-- end of output -->)", re.DOTALL
)
QUERY = re.compile(
    r"(?P<begin><!-- query -->\n```sql\n(?P<sql>.*?)```\n).*?(?P<end><!-- end of query -->)", re.DOTALL
)
READ = (
    "intake.raw_records", "intake.evidence_events", "intake.incidents", "intake.services",
    "intake.dependencies", "quality.completeness",
)  # fmt: skip


def house(folder: Path, text: str) -> None:
    """The playbooks with the page's files, a version that has its rule, and edited copies of the rules."""
    (folder / "fixtures").symlink_to(ROOT / "fixtures")
    shutil.copytree(ROOT / "playbooks", folder / "playbooks")
    shutil.copytree(folder / "playbooks/v3", folder / "playbooks/v4")
    for block in FILES.finditer(text):
        (folder / block["name"]).write_text(block["text"], encoding="utf-8")
    for edit in EDITS.finditer(text):
        shutil.copytree(folder / "playbooks/detections", folder / edit["folder"])
        file = folder / edit["folder"] / edit["name"]
        assert 1 == file.read_text(encoding="utf-8").count(edit["old"])
        file.write_text(file.read_text(encoding="utf-8").replace(edit["old"], edit["new"]), encoding="utf-8")
    for block in RULES.finditer(text):
        with (folder / block["name"]).open("a", encoding="utf-8") as playbook:
            playbook.write(block["text"])


def printed(command: str) -> str:
    done = CliRunner().invoke(app, command.split()[1:])
    assert 0 == done.exit_code, done.output
    return "\n".join(["```console", f"$ {command}", *done.stdout.splitlines(), "```"]) + "\n"


def enriched(recorded: duckdb.DuckDBPyConnection, playbooks: Path) -> duckdb.DuckDBPyConnection:
    bundle, connection = load_active(playbooks), open_memory()
    tables: Tables = {name: recorded.sql(f"from {name}").to_arrow_table() for name in READ}
    register(connection, tables)
    settings = load_settings(ROOT / "fixtures/settings.yaml")
    register(connection, enrichment.build(connection, settings, bundle.grading, bundle.detections))
    return connection


def answered(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """The rows as a table of Markdown."""
    table = connection.sql(sql).to_arrow_table()
    rows = [[_shown(value) for value in row.values()] for row in table.to_pylist()]
    lines = [table.column_names, ["---"] * table.num_columns, *rows]
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


@pytest.mark.golden
def test_the_page_shows_what_comes_of_its_rule(
    golden: Callable[[str, str], None],
    recorded: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rule, cases and version are taken off the page; the checks, tables and the comparison are real."""
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    house(tmp_path, text)
    monkeypatch.chdir(tmp_path)
    connection = enriched(recorded, Path("playbooks"))
    shown = OUTPUT.sub(lambda it: f"{it['begin']}{printed(it['command'])}{it['end']}", text)
    shown = QUERY.sub(lambda it: f"{it['begin']}{answered(connection, it['sql'])}{it['end']}", shown)
    golden(PAGE, shown)
