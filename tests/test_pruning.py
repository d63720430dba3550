"""Pruning removes what no version names, and nothing else; deleting an incident ends with its bytes gone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evidence.drafts import Draft
from evidence.errors import WarehouseError
from evidence.intake import build
from evidence.pruning import prune
from evidence.warehouse import Warehouse
from pipelines.cli import app
from tests.intake.folders import INCIDENT, SETTINGS, lay_out, write

NONE = {"forgotten": [], "forgotten_conflicts": 0}
EXPORT = b'{"customer": "Ada Lovelace"}'


def _published(root: Path, warehouse: Warehouse) -> None:
    with warehouse.keeping() as keep_bytes:
        tables = build(root, SETTINGS, keep_bytes)
    warehouse.publish(tables)


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two incidents, of which one has a customer's name in an export, published."""
    root = lay_out(tmp_path / "root", {"a.json": b"[]"})
    other = INCIDENT.replace("inc-1", "inc-2").encode()
    write(root / "incidents" / "inc-2" / "incident.yaml", other)
    write(root / "incidents" / "inc-2" / "customer.json", EXPORT)
    _published(root, Warehouse(tmp_path / "warehouse"))
    return root


def test_nothing_of_the_published_version_is_removed(root: Path, tmp_path: Path) -> None:
    """Byte for byte, whether asked for in earnest or not."""
    before = _files(tmp_path / "warehouse")
    assert ((), (), 0) == ((done := prune(tmp_path / "warehouse")).tables, done.raw, done.byte_count)
    assert before == _files(tmp_path / "warehouse")


def test_a_deleted_incident_leaves_nothing_behind(root: Path, tmp_path: Path) -> None:
    """After the next run and a pruning no file holds the customer's name; what is published stays whole."""
    for path in sorted((root / "incidents" / "inc-2").iterdir()):
        path.unlink()
    (root / "incidents" / "inc-2").rmdir()
    warehouse = Warehouse(tmp_path / "warehouse")
    _published(root, warehouse)
    assert any(b"Ada Lovelace" in content for content in _files(warehouse.root).values())
    told = prune(warehouse.root, is_dry_run=True)
    assert any(b"Ada Lovelace" in content for content in _files(warehouse.root).values())
    assert told == prune(warehouse.root)
    assert 1 == len(told.raw)
    assert [] == [name for name, content in _files(warehouse.root).items() if b"Ada Lovelace" in content]
    assert ["inc-1"] == warehouse.read("intake.incidents").column("incident_id").to_pylist()


def test_what_a_kill_left_aside_is_removed(root: Path, tmp_path: Path) -> None:
    """A file that was being written belongs to no version."""
    aside = tmp_path / "warehouse" / "raw" / "ab" / "abc.4711.aside"
    write(aside, b"torn")
    assert ("raw/ab/abc.4711.aside",) == prune(tmp_path / "warehouse").raw
    assert not aside.parent.exists()


def test_what_a_failed_run_left_to_go_on_with_stays(root: Path, tmp_path: Path) -> None:
    """Its tables and their raw bytes are in no published version yet."""
    write(root / "incidents" / "inc-1" / "late.json", b'{"late": 1}')
    draft = Draft(tmp_path / "warehouse", "run")
    with draft.opened():
        _published(root, draft)
    before = _files(tmp_path / "warehouse" / "raw")
    assert ((), ()) == ((done := prune(tmp_path / "warehouse")).tables, done.raw)
    assert before == _files(tmp_path / "warehouse" / "raw")


def test_nothing_is_pruned_while_a_run_is_at_work(root: Path, tmp_path: Path) -> None:
    """What it has written is in no version yet."""
    with (
        Draft(tmp_path / "warehouse", "run").opened(),
        pytest.raises(WarehouseError, match="a run is at work"),
    ):
        prune(tmp_path / "warehouse")


def test_prune_as_a_user_calls_it(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text and JSON, and a folder that is no warehouse."""
    monkeypatch.chdir(tmp_path)
    run = CliRunner()
    assert "nothing to remove: every file belongs to a version\n" == run.invoke(app, ["prune"]).stdout
    write(tmp_path / "warehouse" / "tables" / "x" / "y.parquet", b"12345")
    told = "would be removed: 1 files of tables and 0 of raw bytes, 5 bytes together\n"
    assert told == run.invoke(app, ["prune", "--dry-run"]).stdout
    said = json.loads(run.invoke(app, ["prune", "--format", "json"]).stdout)
    assert {"is_dry_run": False, "byte_count": 5, "tables": ["tables/x/y.parquet"], "raw": []} | NONE == said
    done = run.invoke(app, ["prune", "--warehouse", "nowhere"])
    assert (2, "evidence: nothing is published in nowhere. Run `evidence run` first\n") == (
        done.exit_code,
        done.stderr,
    )
