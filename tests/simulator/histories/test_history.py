"""A history is read where it lies, cut at a moment, and refused when it is not what it says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evidence.decision.states import blank_state
from evidence.errors import InputError, WarehouseError
from evidence.tables import arrow_schema, table_from_rows
from evidence.warehouse import Warehouse
from expectations.tables import TABLES
from simulator.histories.history import (
    EVIDENCE,
    INCIDENTS,
    STATES,
    History,
    copy_history,
    open_folder,
    open_warehouse,
)
from tests.decision.histories import MINUTE, QUIET, START, incident


def states_table(*moments: tuple[str, int]) -> pa.Table:
    """States of (incident, minutes after START), numbered in the order given."""
    rows = [
        {**blank_state(), **QUIET, "incident_id": name, "moment": place, "known_at": START + minutes * MINUTE}
        for place, (name, minutes) in enumerate(moments, start=1)
    ]
    return table_from_rows(STATES, rows)


def incidents_table(*rows: dict[str, object]) -> pa.Table:
    return table_from_rows(INCIDENTS, rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two incidents: one known from the start, one from minute 10."""
    pq.write_table(
        states_table(("inc-1", 0), ("inc-1", 5), ("inc-2", 10)), tmp_path / "incident_states.parquet"
    )
    acted = {
        "action_taken": "roll_back_release",
        "action_taken_at": START + 8 * MINUTE,
        "resolved_at": START + 20 * MINUTE,
        "outcome": "succeeded",
    }
    pq.write_table(incidents_table(incident(**acted), incident("inc-2")), tmp_path / "incidents.parquet")
    return tmp_path


def values(history: History, sql: str) -> list[tuple[object, ...]]:
    return history.connection.execute(sql).fetchall()


def test_a_folder_of_parquet_files_is_a_history(folder: Path) -> None:
    """States and incidents are found by their names; evidence need not be there."""
    history = open_folder(folder)
    assert history.incident_count == 2
    assert history.has_horizons
    assert not history.has_evidence
    assert values(history, f"select count(*) from {STATES}") == [(3,)]


def test_a_copy_of_a_warehouse_is_the_same_history(folder: Path, tmp_path: Path) -> None:
    """The digest is that of the contents, so that the copy on another machine gives the same runs."""
    warehouse = Warehouse(tmp_path / "warehouse")
    tables = {
        STATES: pq.read_table(folder / "incident_states.parquet"),
        INCIDENTS: pq.read_table(folder / "incidents.parquet"),
    }
    warehouse.publish(tables)
    copy = shutil.copytree(warehouse.root / "tables", tmp_path / "copy")
    assert open_warehouse(warehouse.root).digest == open_folder(copy).digest


def test_a_history_is_copied_once(folder: Path, tmp_path: Path) -> None:
    """The copy has the digest of the original; a second copy into the same folder is refused."""
    warehouse = Warehouse(tmp_path / "warehouse")
    tables = {name: arrow_schema(TABLES[name]).empty_table() for name in EVIDENCE}
    tables[STATES] = pq.read_table(folder / "incident_states.parquet")
    tables[INCIDENTS] = pq.read_table(folder / "incidents.parquet")
    warehouse.publish(tables)
    copied = copy_history(warehouse.root, tmp_path / "copy")
    assert sorted(path.name for path in copied) == [
        "evidence_events.parquet",
        "incident_states.parquet",
        "incidents.parquet",
        "services.parquet",
        "state_evidence.parquet",
    ]
    history = open_folder(tmp_path / "copy")
    assert (open_warehouse(warehouse.root).digest, True) == (history.digest, history.has_evidence)
    with pytest.raises(InputError, match="holds a history already"):
        copy_history(warehouse.root, tmp_path / "copy")


@pytest.mark.parametrize("name", [".", "tables", "tables/copy"])
def test_a_history_is_not_copied_into_its_warehouse(folder: Path, tmp_path: Path, name: str) -> None:
    """Loose files among those that are published belong to nobody."""
    root = tmp_path / "warehouse"
    with pytest.raises(InputError, match=r"which is read\. Name a folder elsewhere"):
        copy_history(root, root / name)


def test_states_alone_are_a_history_without_horizons(folder: Path) -> None:
    """Nobody is known to have acted, so that every moment counts."""
    (folder / "incidents.parquet").unlink()
    history = open_folder(folder)
    assert not history.has_horizons
    assert values(
        history, f"select incident_id, window_end, action_taken_at from {INCIDENTS} order by 1"
    ) == [
        ("inc-1", START + 5 * MINUTE, None),
        ("inc-2", START + 10 * MINUTE, None),
    ]


def test_as_of_a_moment_nothing_later_is_there(folder: Path) -> None:
    """Later states, incidents of which nothing had arrived, and later responses are hidden."""
    history = open_folder(folder, as_of=START + 6 * MINUTE)
    assert history.incident_count == 1
    assert values(history, f"select incident_id, moment from {STATES} order by all") == [
        ("inc-1", 1),
        ("inc-1", 2),
    ]
    assert values(
        history, f"select window_end, action_taken, action_taken_at, resolved_at, outcome from {INCIDENTS}"
    ) == [(START + 6 * MINUTE, None, None, None, None)]


def test_as_of_a_moment_earlier_responses_stay(folder: Path) -> None:
    """What people had done by then is known by then."""
    history = open_folder(folder, as_of=START + 9 * MINUTE)
    assert values(history, f"select action_taken, action_taken_at, outcome from {INCIDENTS}") == [
        ("roll_back_release", START + 8 * MINUTE, None)
    ]


def test_an_incident_that_has_not_begun_is_not_there(folder: Path) -> None:
    """A change known long before belongs to no incident until its window begins."""
    later = incident("inc-1", window_start=START + 30 * MINUTE)
    pq.write_table(incidents_table(later, incident("inc-2")), folder / "incidents.parquet")
    history = open_folder(folder, as_of=START + 20 * MINUTE)
    assert values(history, f"select distinct incident_id from {STATES}") == [("inc-2",)]
    assert history.incident_count == 1


def test_before_everything_there_is_no_history(folder: Path) -> None:
    """An empty history is an error, not an empty answer."""
    with pytest.raises(InputError, match="nothing was known by then"):
        open_folder(folder, as_of=START - MINUTE)


def test_a_folder_without_states_is_refused(tmp_path: Path) -> None:
    """The message says what was expected there."""
    with pytest.raises(InputError, match=r"no history in .*incident_states\.parquet"):
        open_folder(tmp_path)


def test_a_file_that_is_not_parquet_is_named(folder: Path) -> None:
    """Bytes that are no Parquet file are refused by name."""
    (folder / "incidents.parquet").write_bytes(b"incident_id,title\n")
    with pytest.raises(InputError, match=r"incidents\.parquet is not a Parquet file"):
        open_folder(folder)


def test_states_of_another_shape_are_refused(folder: Path) -> None:
    """A missing column is named, and a column of another type with both types."""
    path = folder / "incident_states.parquet"
    whole = pq.read_table(path)
    pq.write_table(whole.drop_columns(["confidence"]), path)
    with pytest.raises(InputError, match=r"lacks confidence of enrichment\.incident_states"):
        open_folder(folder)
    place = whole.schema.get_field_index("confidence")
    pq.write_table(whole.set_column(place, "confidence", whole["confidence"].cast(pa.float64())), path)
    with pytest.raises(InputError, match="confidence is double"):
        open_folder(folder)


def test_two_versions_in_one_folder_are_refused(folder: Path) -> None:
    """The same moment twice would be two truths."""
    shutil.copy(folder / "incident_states.parquet", folder / "incident_states-old.parquet")
    with pytest.raises(InputError, match="holds moment 1 of inc-1 more than once"):
        open_folder(folder)


def test_a_file_in_place_of_its_folder_is_told_which_folder(folder: Path) -> None:
    """What tab completion offers last is the file."""
    with pytest.raises(InputError, match=f"is a file. Name the folder that it lies in, {folder}$"):
        open_folder(folder / "incident_states.parquet")


def altered(folder: Path, name: str, column: str, values: list[object]) -> Path:
    """The folder, with other values in a column of one of its files, none of which is declared as known."""
    path = folder / name
    table = pq.read_table(path)
    field = table.schema.field(column).with_nullable(True)
    changed = pa.array(values, field.type)
    pq.write_table(table.set_column(table.schema.get_field_index(column), field, changed), path)
    return folder


A, B = "incident_states.parquet", "incidents.parquet"


@pytest.mark.parametrize(
    ("name", "column", "given", "said"),
    [
        (A, "incident_id", ["inc-1", None, "inc-2"],
         r"enrichment.incident_states: incident_id is unknown \(NULL\), which it never is "
         r"\(at moment 2 of an incident without a name\)"),
        (A, "known_at", [START, None, START], r"known_at is unknown .*moment 2 of inc-1"),
        (A, "environment", ["test", "weird", None],
         r"environment is 'weird'; it is one of production, staging, .*\(at moment 2 of inc-1\)"),
        (B, "outcome", ["won", None], r"intake.incidents: outcome is 'won'; .*\(at inc-1\)"),
        (A, "moment", [-1, 2, 3], r"moment is -1 in a row of inc-1; moments count from 1"),
        (A, "moment", [1, 1, 3], r"holds moment 1 of inc-1 more than once"),
        (A, "known_at", [START + 5, START, START],
         r"known_at does not rise with moment: moment 1 of inc-1 became known at \d+, moment 2 at \d+"),
        (A, "known_at", [START, START, START], r"known_at does not rise with moment"),
    ],
)  # fmt: skip
def test_rows_that_may_not_be_are_refused_by_column_and_row(
    folder: Path, name: str, column: str, given: list[object], said: str
) -> None:
    """Whoever wrote the files: what a table's contract rules out is not decided on."""
    with pytest.raises(InputError, match=said):
        open_folder(altered(folder, name, column, given))


@pytest.mark.parametrize("file_count", [1, 2])
def test_rows_may_lie_in_any_order(folder: Path, file_count: int) -> None:
    """Moments are put in order where the file has them in none, within one file or over several."""
    path = folder / "incident_states.parquet"
    table = pq.read_table(path).take([2, 1, 0])
    path.unlink()
    for number in range(file_count):
        part = table.slice(number * 2, 2) if file_count > 1 else table
        pq.write_table(part, folder / f"incident_states_{number}.parquet")
    assert values(open_folder(folder), f"select count(*) from {STATES}") == [(3,)]


def test_a_warehouse_without_a_run_is_refused(tmp_path: Path) -> None:
    """The remedy is said."""
    with pytest.raises(WarehouseError, match="Run `evidence run` first"):
        open_warehouse(tmp_path / "nowhere")


def test_a_warehouse_of_another_version_is_refused(folder: Path, tmp_path: Path) -> None:
    """What was published with other columns, or is no longer there, is named with what to do."""
    warehouse = Warehouse(tmp_path / "warehouse")
    warehouse.publish({STATES: pq.read_table(folder / "incident_states.parquet")})
    (path,) = warehouse.paths_of(warehouse.published()[STATES])
    pq.write_table(pq.read_table(path).drop_columns(["confidence"]), path)
    with pytest.raises(InputError, match=r"lacks confidence of .*\. Run `evidence run` again"):
        open_warehouse(warehouse.root)
    path.unlink()
    with pytest.raises(InputError, match=r"\.parquet is not there\. Run `evidence run` again"):
        open_warehouse(warehouse.root)


def test_a_history_without_incidents_is_refused(folder: Path) -> None:
    """An empty table is no history, whatever the moment."""
    path = folder / "incident_states.parquet"
    pq.write_table(pq.read_table(path).slice(0, 0), path)
    (folder / "incidents.parquet").unlink()
    with pytest.raises(InputError, match="the history is empty: there is no incident in it"):
        open_folder(folder)
