"""docs/reference/incident-file.md says what the model of incident.yaml says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from evidence.intake.incident_file import IncidentFile, Labels, Recorded, Response, Window, load_incident
from evidence.intake.recorded_order import ORDERS
from expectations.tables.kpis import ACTION_VERDICTS, LINK_COLUMNS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/incident-file.md").read_text()
KPIS = (ROOT / "docs/reference/kpis.md").read_text()
PARTS: dict[str, type[BaseModel]] = {
    "window": Window,
    "recorded": Recorded,
    "response": Response,
    "labels": Labels,
}


def fields() -> Iterator[str]:
    """Every field of the file, those of its parts with the part's name before them."""
    for name in IncidentFile.model_fields:
        if name not in PARTS:
            yield name
            continue
        for inner, field in PARTS[name].model_fields.items():
            yield f"{name}.{field.alias or inner}"


def test_every_field_is_explained_and_no_other() -> None:
    """The first column of the first table."""
    table = PAGE[PAGE.index("| field |") : PAGE.index("Only `id`")]
    cells = [row.split("|")[1] for row in table.splitlines()[2:] if row]
    assert sorted(fields()) == sorted(name for cell in cells for name in re.findall(r"`([a-z_.]+)`", cell))


def test_every_refused_order_is_listed_with_its_reason() -> None:
    """In the order in which they are checked, after that of the window itself."""
    table = PAGE[PAGE.index("| the first never") : PAGE.index("An alert that fired")]
    rows = [row for row in table.splitlines()[3:] if row]
    assert [
        f"| `{'.'.join(order.earlier)}`, `{'.'.join(order.later)}` | {order.because} |" for order in ORDERS
    ] == rows


def test_the_example_is_a_whole_incident(tmp_path: Path) -> None:
    """It reads, and names every part."""
    (tmp_path / "incident.yaml").write_text(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0])
    incident, document = load_incident(tmp_path / "incident.yaml")
    assert sorted(IncidentFile.model_fields) == sorted(document.value)
    assert "cordon_and_drain_node" == (incident.response and incident.response.action)


def test_every_link_and_every_verdict_of_the_kpis_is_explained() -> None:
    """Each in the first column of a table, links with the name of their list."""
    rows = [row.split("|")[1:3] for row in KPIS.splitlines() if row.startswith("| `")]
    firsts = {first.strip(" `") for first, _ in rows}
    lists = {first.strip(" `"): second.strip(" `") for first, second in rows}
    assert set(ACTION_VERDICTS) <= firsts
    assert {name: f"{name}s" for name in LINK_COLUMNS} == {name: lists.get(name) for name in LINK_COLUMNS}
