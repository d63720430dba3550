"""The warehouse publishes whole versions or nothing."""

from __future__ import annotations

import hashlib
import multiprocessing
import shutil
from pathlib import Path

import duckdb
import pytest

from evidence.errors import ContractError, WarehouseError
from evidence.tables import Tables, table_from_rows
from evidence.warehouse import Warehouse, root_digest
from expectations.tables.kpis import LINK_COLUMNS

EDGES = "intake.dependencies"
COVERAGE = "kpis.weekly_coverage"


def edges(*pairs: tuple[str, str]) -> Tables:
    return {EDGES: table_from_rows(EDGES, [{"from_ref": a, "to_ref": b} for a, b in pairs])}


def coverage(week: str, count: int) -> Tables:
    names = (
        "incident",
        "automated_triage",
        "automated_action",
        "policy_gated",
        "approval_required",
        "passive",
    )
    links = {f"{column}s": [None] for column in LINK_COLUMNS}
    row = {"week": week, "incident_ids": ["inc-1"], **links} | {f"{name}_count": count for name in names}
    return {COVERAGE: table_from_rows(COVERAGE, [row])}


def test_rows_come_back_in_the_order_of_the_key(tmp_path: Path) -> None:
    """Rows are stored in the order of the table's key, whatever order they came in."""
    warehouse = Warehouse(tmp_path)
    warehouse.publish(edges(("b", "c"), ("a", "c")))
    assert [("a", "c"), ("b", "c")] == [tuple(row.values()) for row in warehouse.read(EDGES).to_pylist()]


def test_a_file_bears_the_sha256_of_its_bytes(tmp_path: Path) -> None:
    """Every table file is named by the SHA-256 of its own bytes."""
    warehouse = Warehouse(tmp_path)
    entry = warehouse.publish(edges(("a", "b")))[EDGES]
    (path,) = warehouse.paths_of(entry)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem


def test_publishing_the_same_rows_again_writes_nothing(tmp_path: Path) -> None:
    """A rerun that changes nothing leaves every file as it was, to the inode."""
    warehouse = Warehouse(tmp_path)
    warehouse.publish(edges(("a", "b"), ("b", "c")))
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in tmp_path.rglob("*")}
    again = warehouse.publish(edges(("b", "c"), ("a", "b")))
    assert 0 == again[EDGES].new_file_count
    after = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in tmp_path.rglob("*")}
    assert before.keys() == after.keys()
    lock = tmp_path / ".publish.lock"
    assert {p: s for p, s in before.items() if p not in (lock, tmp_path)} == {
        p: s for p, s in after.items() if p not in (lock, tmp_path)
    }


def test_the_catalogue_shows_what_is_published(tmp_path: Path) -> None:
    """An analyst who opens the catalogue sees the published rows."""
    warehouse = Warehouse(tmp_path)
    warehouse.publish(edges(("a", "b")))
    with duckdb.connect(str(warehouse.catalogue), read_only=True) as analyst:
        assert [("a", "b")] == analyst.sql(f"from {EDGES}").fetchall()


def test_a_moved_warehouse_gets_a_new_catalogue(tmp_path: Path) -> None:
    """The catalogue's views follow a warehouse that was moved, at the next publishing."""
    old, new = tmp_path / "old", tmp_path / "new"
    Warehouse(old).publish(edges(("a", "b")))
    shutil.move(old, new)
    Warehouse(new).publish(edges(("a", "b")))
    with duckdb.connect(str(new / "evidence.duckdb"), read_only=True) as analyst:
        assert [("a", "b")] == analyst.sql(f"from {EDGES}").fetchall()


def test_an_analysts_open_catalogue_does_not_block_publishing(tmp_path: Path) -> None:
    """A catalogue held open goes on showing its version while the next one is published."""
    warehouse = Warehouse(tmp_path)
    warehouse.publish(edges(("a", "b")))
    with duckdb.connect(str(warehouse.catalogue)) as analyst:
        warehouse.publish(edges(("a", "b"), ("b", "c")))
        assert 1 == len(analyst.sql(f"from {EDGES}").fetchall())
    assert 2 == warehouse.read(EDGES).num_rows


def test_a_part_replaces_only_its_own_week(tmp_path: Path) -> None:
    """Publishing one week leaves the other weeks' files alone, and order of publishing does not matter."""
    one, other = Warehouse(tmp_path / "one"), Warehouse(tmp_path / "other")
    one.publish(coverage("2026-W02", 1), part="2026-W02")
    one.publish(coverage("2026-W03", 2), part="2026-W03")
    other.publish(coverage("2026-W03", 9), part="2026-W03")
    other.publish(coverage("2026-W02", 1), part="2026-W02")
    other.publish(coverage("2026-W03", 2), part="2026-W03")
    assert one.read(COVERAGE).equals(other.read(COVERAGE))
    assert root_digest(one.published()) == root_digest(other.published())
    assert ["2026-W02", "2026-W03"] == one.read(COVERAGE).column("week").to_pylist()


def test_locations_do_not_count_in_the_root_digest(tmp_path: Path) -> None:
    """A table that only tells where bytes lie leaves the root digest as it was."""
    warehouse = Warehouse(tmp_path)
    before = root_digest(warehouse.publish(edges(("a", "b"))))
    row = dict.fromkeys(("incident_id", "path", "file_sha256"), "x")
    counts = {f"{name}_count": 0 for name in ("byte", "record", "evidence", "duplicate", "quarantined")}
    warehouse.publish({"intake.files": table_from_rows("intake.files", [row | counts])})
    assert before == root_digest(warehouse.published())


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"from_ref": "a", "to_ref": None}], "intake.dependencies.to_ref: 1 rows are NULL"),
        ([{"from_ref": "a", "to_ref": "b"}] * 2, "repeats, first"),
    ],
)
def test_rows_that_break_the_contract_are_refused(rows: list[dict[str, str]], message: str) -> None:
    """A NULL in a required column or a repeated key is an error that names table and column."""
    with pytest.raises(ContractError, match=message):
        table_from_rows(EDGES, rows)


def test_reading_what_was_never_published_says_what_to_do(tmp_path: Path) -> None:
    """The error for an empty warehouse names the command that fills it."""
    with pytest.raises(WarehouseError, match="Run `evidence run` first"):
        Warehouse(tmp_path).read(EDGES)


def test_a_damaged_manifest_is_named(tmp_path: Path) -> None:
    """A damaged manifest is an error that names the file, not an empty warehouse."""
    (tmp_path / "published.json").write_text("{")
    with pytest.raises(WarehouseError, match=r"published.json is damaged"):
        Warehouse(tmp_path).published()


def _publish_many(root: Path, name: str) -> None:
    for count in range(10):
        Warehouse(root).publish(edges((name, str(count))))


@pytest.mark.slow
def test_two_publishers_at_once_lose_nothing(tmp_path: Path) -> None:
    """Two processes that publish at once leave a whole version with both tables' last rows."""
    context = multiprocessing.get_context("spawn")
    publishers = [
        context.Process(target=_publish_many, args=(tmp_path, "a")),
        context.Process(target=_publish_week_many, args=(tmp_path,)),
    ]
    for publisher in publishers:
        publisher.start()
    for publisher in publishers:
        publisher.join()
    assert [0, 0] == [publisher.exitcode for publisher in publishers]
    warehouse = Warehouse(tmp_path)
    assert [{"from_ref": "a", "to_ref": "9"}] == warehouse.read(EDGES).to_pylist()
    assert 10 == warehouse.read(COVERAGE).num_rows


def _publish_week_many(root: Path) -> None:
    for count in range(10, 20):
        Warehouse(root).publish(coverage(f"2026-W{count}", count), part=f"2026-W{count}")


def test_a_week_that_lost_its_last_row_is_no_part(tmp_path: Path) -> None:
    """Emptying a week leaves what a warehouse that never had it would hold."""
    one, other = Warehouse(tmp_path / "one"), Warehouse(tmp_path / "other")
    for week in ("2026-W02", "2026-W03"):
        one.publish(coverage(week, 1), part=week)
    one.publish({COVERAGE: table_from_rows(COVERAGE, [])}, part="2026-W03")
    other.publish(coverage("2026-W02", 1), part="2026-W02")
    assert root_digest(one.published()) == root_digest(other.published())


def test_a_damaged_catalogue_is_built_anew(tmp_path: Path) -> None:
    """Whatever was written over the catalogue is gone after the next publishing."""
    warehouse = Warehouse(tmp_path)
    warehouse.publish(edges(("a", "b")))
    warehouse.catalogue.write_bytes(b"junk")
    warehouse.publish(edges(("a", "b")))
    with duckdb.connect(str(warehouse.catalogue), read_only=True) as analyst:
        assert [("a", "b")] == analyst.sql(f"from {EDGES}").fetchall()


def test_a_connection_shows_what_it_is_asked_for(tmp_path: Path) -> None:
    """Every published table, or those that are named; what is not published is not there."""
    warehouse = Warehouse(tmp_path)
    warehouse.publish(edges(("a", "b")) | coverage("2026-W01", 1))

    def shown(names: list[str] | None) -> list[str]:
        with warehouse.connect(names) as connection:
            tables = "select table_schema || '.' || table_name from information_schema.tables order by 1"
            return [name for (name,) in connection.execute(tables).fetchall()]

    assert [EDGES, COVERAGE] == shown(None)
    assert [COVERAGE] == shown([COVERAGE, "intake.files"])


def test_raw_bytes_lie_under_their_sha256_once_the_block_is_left(tmp_path: Path) -> None:
    """The same bytes are kept once, and nothing is left beside them."""
    warehouse = Warehouse(tmp_path)
    with warehouse.keeping() as keep:
        digests = [keep(content) for content in (b"one", b"two", b"one")]
    assert [hashlib.sha256(content).hexdigest() for content in (b"one", b"two", b"one")] == digests
    assert {warehouse.bytes_path(digest) for digest in digests} == {
        path for path in (tmp_path / "raw").rglob("*") if path.is_file()
    }
    assert b"two" == warehouse.bytes_path(digests[1]).read_bytes()


def test_a_reading_that_fails_keeps_no_raw_bytes(tmp_path: Path) -> None:
    """What was written aside is removed with it."""
    with pytest.raises(ZeroDivisionError), Warehouse(tmp_path).keeping() as keep:
        keep(b"one")
        raise ZeroDivisionError
    assert [] == [path for path in (tmp_path / "raw").rglob("*") if path.is_file()]
