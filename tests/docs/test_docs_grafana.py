"""The page about Grafana shows what the command writes, what the dashboard holds and what is exported."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from sections import with_section
from test_docs_report import publish
from typer.testing import CliRunner

from evidence.grafana.exported import KPI_TABLES, OUR_TABLES
from evidence.grafana.panels import SECTIONS, TEXT
from evidence.grafana.queries import query
from pipelines.cli import app

ROOT = Path(__file__).parents[2]
PAGE = "docs/how-to/see-kpis-in-grafana.md"
WIDTH = 200  # a block scrolls
NAMED = "inc-0102-checkout-bad-release"


def written(script: str) -> list[str]:
    """The script's head, and the row of one incident with its links."""
    head = list(
        itertools.takewhile(lambda line: not line.startswith("create or replace"), script.splitlines())
    )
    rows = script.partition("insert into evidence_kpis.incidents values\n")[2].splitlines()
    [row] = [line for line in rows if line.startswith(f"('{NAMED}', '")][:1]
    shown = row if len(row) <= WIDTH else f"{row[: WIDTH - 1]}…"
    return ["```sql", *head[:-1], "…", "insert into evidence_kpis.incidents values", "…", shown, "…", "```"]


def panels() -> list[str]:
    """A table of the panels that ask anything."""
    rows = [
        f"| {section.title} | {panel.title} | {panel.kind} | {panel.description} |"
        for section in SECTIONS
        for panel in section.panels
        if panel.kind != TEXT
    ]
    return ["| row | panel | shown as | what it says |", "|---|---|---|---|", *rows]


def tables() -> list[str]:
    """The KPI tables by name, and every column of those that are made for the export."""
    named = ", ".join(f"`{table.name}`" for table in KPI_TABLES)
    lines = [f"As [published](../reference/tables.md#kpis): {named}."]
    for table in OUR_TABLES:
        lines += ["", f"`{table.name}`: {table.doc}", "", "| column | type | meaning |", "|---|---|---|"]
        lines += [f"| `{column.name}` | {column.type} | {column.doc} |" for column in table.columns]
    return lines


@pytest.mark.golden
def test_the_page_shows_what_is_written(
    golden: Callable[[str, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over the recorded incidents."""
    publish(ROOT / "fixtures", tmp_path / "warehouse")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["grafana", "for-grafana"])
    assert done.exit_code == 0, done.stderr
    text = (ROOT / PAGE).read_text()
    console = ["```console", "$ evidence grafana for-grafana", *done.stdout.splitlines(), "```"]
    text = with_section(text, "files", console)
    text = with_section(text, "script", written((tmp_path / "for-grafana/kpis.sql").read_text()))
    text = with_section(text, "panels", panels())
    text = with_section(text, "query", ["```sql", *query("figures_time_to_resolve").splitlines(), "```"])
    golden(PAGE, with_section(text, "tables", tables()))
