"""A draft is seen by its run alone, until it is published in one swap."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from evidence.drafts import Draft
from evidence.tables import Tables, table_from_rows
from evidence.warehouse import Warehouse

EDGES = "intake.dependencies"
OUT = {"handoffs/a.json": b"1", "handoffs/b.json": b"1"}


def edges(*pairs: tuple[str, str]) -> Tables:
    return {EDGES: table_from_rows(EDGES, [{"from_ref": a, "to_ref": b} for a, b in pairs])}


def verdicts(group: str, count: int) -> Tables:
    name = "quality.validation_results"
    row = {"table_name": group, "expectation": "holds", "column_name": "", "severity": "error"}
    facts = {"is_success": True, "row_count": count, "failing_count": 0, "failing_keys": []}
    return {name: table_from_rows(name, [row | facts])}


def seen(warehouse: Warehouse) -> dict[str, int]:
    """Rows by table, as a reader of the catalogue finds them."""
    with duckdb.connect(str(warehouse.catalogue), read_only=True) as analyst:
        names = analyst.sql(
            "select table_schema || '.' || table_name from information_schema.tables"
        ).fetchall()
        return {name: len(analyst.sql(f"from {name}").fetchall()) for (name,) in names}


def files_of(folder: Path) -> dict[str, bytes]:
    """Content by name of what lies directly in the folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*")) if path.is_file()}


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """A warehouse with one edge and one package published."""
    found = Warehouse(tmp_path / "warehouse")
    found.publish(edges(("a", "b")))
    found.put_beside("manifest.json", b"old")
    found.put_packages(tmp_path / "out", {"handoffs/a.json": b"0", "handoffs/c.json": b"0"})
    return found


def test_a_draft_is_seen_by_its_run_alone(warehouse: Warehouse, tmp_path: Path) -> None:
    """Until it is committed, list, catalogue, manifests and packages stay as they are to the byte."""
    before = files_of(warehouse.root), files_of(tmp_path / "out" / "handoffs")
    with Draft(warehouse.root, "run").opened() as draft:
        draft.publish(edges(("a", "b"), ("b", "c")))
        draft.put_beside("manifest.json", b"new")
        draft.put_packages(tmp_path / "out", OUT)
        assert 2 == draft.read(EDGES).num_rows
        assert before == (files_of(warehouse.root), files_of(tmp_path / "out" / "handoffs"))
        draft.commit()
    assert {EDGES: 2} == seen(warehouse)
    assert b"new" == (warehouse.root / "manifest.json").read_bytes()
    assert {"a.json": b"1", "b.json": b"1"} == files_of(tmp_path / "out" / "handoffs")
    assert not (warehouse.root / "drafts").exists()


def test_a_draft_reads_one_version(warehouse: Warehouse) -> None:
    """What another run publishes meanwhile is not seen by it, and is there after both."""
    with Draft(warehouse.root, "one").opened() as one:
        warehouse.publish(edges(("x", "y"), ("y", "z")))
        assert 1 == one.read(EDGES).num_rows
        one.publish(verdicts("intake", 1))
        one.commit()
    assert {EDGES: 2, "quality.validation_results": 1} == seen(warehouse)


def test_two_drafts_do_not_lose_each_others_parts(warehouse: Warehouse) -> None:
    """Each replaces the parts that it has made, of the same table too."""
    with Draft(warehouse.root, "one").opened() as one, Draft(warehouse.root, "two").opened() as two:
        one.publish(verdicts("intake", 1), part="intake")
        two.publish(verdicts("handoff", 2), part="handoff")
        two.publish(edges(("x", "y"), ("y", "z")))
        two.commit()
        one.commit()
    assert {EDGES: 2, "quality.validation_results": 2} == seen(warehouse)
    assert {"intake", "handoff"} == set(warehouse.published()["quality.validation_results"].parts)


def test_a_draft_that_was_left_goes_on(warehouse: Warehouse, tmp_path: Path) -> None:
    """Under the same name it holds what it held, also the packages."""
    with Draft(warehouse.root, "run").opened() as draft:
        draft.publish(edges(("a", "b"), ("b", "c")))
        draft.put_packages(tmp_path / "out", OUT)
    with Draft(warehouse.root, "run").opened() as draft:
        assert 2 == draft.read(EDGES).num_rows
        draft.commit()
    assert {EDGES: 2} == seen(warehouse)
    assert {"a.json": b"1", "b.json": b"1"} == files_of(tmp_path / "out" / "handoffs")


def test_drafts_that_nobody_is_at_work_on_go_with_the_next_version(warehouse: Warehouse) -> None:
    """What a killed run has left is cleared away, what a running one holds is not."""
    with Draft(warehouse.root, "killed").opened() as killed:
        killed.publish(edges(("a", "c")))
    with Draft(warehouse.root, "running").opened() as running:
        with Draft(warehouse.root, "whole").opened() as whole:
            whole.publish(edges(("a", "d")))
            whole.commit()
        assert [running.folder] == list((warehouse.root / "drafts").iterdir())


def test_a_draft_without_changes_publishes_nothing(warehouse: Warehouse) -> None:
    """A run of inputs alone leaves every file as it was."""
    before = {path: path.stat().st_mtime_ns for path in warehouse.root.rglob("*.*") if path.is_file()}
    with Draft(warehouse.root, "run").opened() as draft:
        draft.commit()
    after = {path: path.stat().st_mtime_ns for path in warehouse.root.rglob("*.*") if path.is_file()}
    lock = warehouse.root / ".publish.lock"
    assert before | {lock: 0} == after | {lock: 0}


def test_a_failed_draft_is_shown_beside_the_published_version(warehouse: Warehouse) -> None:
    """In a catalogue of its own, which goes with the next version."""
    with Draft(warehouse.root, "run").opened() as draft:
        draft.publish(edges(("a", "b"), ("b", "c")))
        draft.show_as_failed()
    with duckdb.connect(str(warehouse.failed_catalogue), read_only=True) as analyst:
        assert 2 == len(analyst.sql(f"from {EDGES}").fetchall())
    assert {EDGES: 1} == seen(warehouse)
    with Draft(warehouse.root, "next").opened() as draft:
        draft.publish(edges(("c", "d")))
        draft.commit()
    assert not warehouse.failed_catalogue.exists()


def test_reports_come_with_the_version_beside_those_that_are_there(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    """Those of other weeks stay; none is there before the version is, and a draft of reports alone is one."""
    folder = tmp_path / "out" / "kpis"
    warehouse.put_reports(tmp_path / "out", {"kpis/2026-W01.md": b"first", "kpis/2026-W02.md": b"old"})
    with Draft(warehouse.root, "run").opened() as draft:
        draft.put_reports(tmp_path / "out", {"kpis/2026-W02.md": b"new", "kpis/2026-W03.md": b"last"})
        assert {"2026-W01.md": b"first", "2026-W02.md": b"old"} == files_of(folder)
        draft.commit()
    assert {"2026-W01.md": b"first", "2026-W02.md": b"new", "2026-W03.md": b"last"} == files_of(folder)
    assert {"a.json": b"0", "c.json": b"0"} == files_of(tmp_path / "out" / "handoffs")


def test_reports_of_a_run_that_was_killed_are_written_by_the_next(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    """Under the same name the draft still holds them; what it had written aside is cleared away."""
    folder = tmp_path / "out" / "kpis"
    with Draft(warehouse.root, "run").opened() as draft:
        draft.put_reports(tmp_path / "out", {"kpis/2026-W02.md": b"new"})
    folder.mkdir(parents=True)
    (folder / "2026-W02.md.1.aside").write_bytes(b"ne")
    with Draft(warehouse.root, "run").opened() as draft:
        draft.commit()
    assert {"2026-W02.md": b"new"} == files_of(folder)


def test_packages_of_the_same_content_are_left_alone(warehouse: Warehouse, tmp_path: Path) -> None:
    """As table files are: a run that changes nothing writes no package."""
    path = tmp_path / "out" / "handoffs" / "a.json"
    before = path.stat().st_mtime_ns
    with Draft(warehouse.root, "run").opened() as draft:
        draft.put_packages(tmp_path / "out", {"handoffs/a.json": b"0"})
        draft.commit()
    assert before == path.stat().st_mtime_ns
    assert {"a.json": b"0"} == files_of(tmp_path / "out" / "handoffs")


@pytest.mark.parametrize("counts", [(0, 2), (2, 0)])
def test_empty_weeks_do_not_depend_on_the_order_of_publishing(
    tmp_path: Path, counts: tuple[int, int]
) -> None:
    """A week without rows is no part beside one that has some, whichever came first."""
    weeks = dict(zip(("2026-W01", "2026-W02"), counts, strict=True))
    tables = {week: edges(*[(f"{week}-{i}", "x") for i in range(count)]) for week, count in weeks.items()}
    one, other = Warehouse(tmp_path / "one"), Warehouse(tmp_path / "other")
    for week, table in tables.items():
        one.publish(table, part=week)
    for week, table in reversed(tables.items()):
        other.publish(table, part=week)
    kept = [week for week, count in weeks.items() if count]
    assert kept == [*one.published()[EDGES].parts]
    assert one.read(EDGES).num_rows == sum(counts)
    assert one.published() == other.published()
