"""Generated histories are reproducible, keep the contracts and look like histories."""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from evidence.decision import Bundle, load_active
from evidence.enrichment.grading import graded_sql, retick_sql
from evidence.tables import arrow_schema, conform, open_memory
from expectations.tables.enrichment import INCIDENT_STATES
from expectations.tables.intake import INCIDENTS
from pipelines.cli import app
from simulator.histories.generator import Generated, generate_history
from simulator.histories.history import open_folder
from simulator.replays.replay import replay

ROOT = Path(__file__).parents[3]
COUNT = 600


@pytest.fixture(scope="module")
def active() -> Bundle:
    return load_active(ROOT / "playbooks")


@pytest.fixture(scope="module")
def folder(active: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("generated")
    generate_history(path, COUNT, 7, active.grading)
    return path


@pytest.fixture
def history(folder: Path) -> duckdb.DuckDBPyConnection:
    connection = open_memory()
    for schema, table in (("enrichment", "incident_states"), ("intake", "incidents")):
        connection.execute(f"create schema {schema}").fetchall()
        connection.execute(
            f"create view {schema}.{table} as from read_parquet('{folder / table}.parquet')"
        ).fetchall()
    return connection


def digests(folder: Path) -> list[str]:
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())]


def one(connection: duckdb.DuckDBPyConnection, sql: str) -> object:
    return connection.execute(sql).fetchall()[0][0]


@pytest.mark.parametrize("threads", [1, 3])
def test_the_same_seed_gives_the_same_bytes(
    folder: Path, active: Bundle, tmp_path: Path, threads: int
) -> None:
    """Whatever the number of threads."""
    generate_history(tmp_path, COUNT, 7, active.grading, threads)
    assert digests(folder) == digests(tmp_path)


def test_another_seed_gives_another_history(folder: Path, active: Bundle, tmp_path: Path) -> None:
    """Nothing of the states is fixed, and it is not the same incidents in another order."""
    generate_history(tmp_path, COUNT, 8, active.grading)
    assert [old == new for old, new in zip(digests(folder), digests(tmp_path), strict=True)] == [False, False]
    begun = [
        set(pq.read_table(each / "incidents.parquet").column("started_at").to_pylist())
        for each in (folder, tmp_path)
    ]
    assert len(begun[0] & begun[1]) <= 1


def test_a_larger_history_begins_with_the_smaller_one(
    history: duckdb.DuckDBPyConnection, active: Bundle, tmp_path: Path
) -> None:
    """An incident depends on its number and the seed alone, not on how many there are or where chunks end."""
    generate_history(tmp_path, COUNT // 3, 7, active.grading)
    fewer = f"read_parquet('{tmp_path}/incident_states.parquet')"
    assert one(history, f"select count(*) from {fewer}") > 0
    assert one(history, f"select count(*) from ({fewer_rows(fewer)})") == 0


def fewer_rows(fewer: str) -> str:
    return f"from {fewer} except all from enrichment.incident_states"


@pytest.mark.parametrize("contract", [INCIDENT_STATES, INCIDENTS], ids=lambda each: each.table)
def test_the_tables_keep_their_contracts(folder: Path, contract: object) -> None:
    """Columns, types, required values, unique keys, closed lists and order."""
    table = pq.read_table(folder / f"{contract.table}.parquet")
    assert table.schema.equals(arrow_schema(contract))
    assert conform(contract.name, table).equals(table.combine_chunks())
    for column in contract.columns:
        if column.allowed:
            assert set(table.column(column.name).unique().to_pylist()) <= {*column.allowed, None}


def test_grading_and_ticks_are_those_of_the_grading(
    history: duckdb.DuckDBPyConnection, active: Bundle
) -> None:
    """Grading and ticking a generated history again changes no row."""
    states = "enrichment.incident_states"
    again = graded_sql(active.grading, f"({retick_sql(active.grading, states)})")
    assert one(history, f"select count(*) from (({again}) except all from {states})") == 0
    assert one(history, f"select sum(is_tick::integer) from {states}") > COUNT


def test_moments_tie_and_evidence_comes_late(history: duckdb.DuckDBPyConnection) -> None:
    """About twenty moments an incident; some lie after the window, some incidents are heard of too late."""
    moments = one(history, "select count(*) / count(distinct incident_id) from enrichment.incident_states")
    assert 15 <= moments <= 25
    late = """
select count(distinct incident_id) filter (known_at > window_end),
    count(distinct incident_id) - count(distinct incident_id) filter (known_at <= window_end)
from enrichment.incident_states join intake.incidents using (incident_id)"""
    assert min(history.execute(late).fetchall()[0]) > 0
    on_the_minute = "select count(*) filter ((known_at - begun) % 60000000000 = 0) from"
    begun = "(select known_at, min(window_start) over (partition by incident_id) as begun"
    joined = "from enrichment.incident_states join intake.incidents using (incident_id))"
    assert one(history, f"{on_the_minute} {begun} {joined}") > COUNT


def test_what_is_known_only_grows(history: duckdb.DuckDBPyConnection) -> None:
    """Signals accumulate, highest severities and measures never fall, and a known change stays known."""
    falling = " or ".join(
        f"{column} < lag({column}) over moments"
        f" or ({column} is null and lag({column}) over moments is not null)"
        for column in (
            "signal_count",
            "severity",
            "error_rate_ppm",
            "pod_count",
            "gap_count",
            "is_change_seen",
        )
    )
    sql = f"""
select count(*) from (
    select {falling} as is_falling from enrichment.incident_states
    window moments as (partition by incident_id order by moment)
) where is_falling"""
    assert one(history, sql) == 0


def test_a_generated_history_is_known_as_one(folder: Path) -> None:
    """Its labels are by the generator, and whoever opens it knows."""
    with closing((opened := open_folder(folder)).connection):
        assert opened.is_generated


def test_a_generated_history_has_variety(history: duckdb.DuckDBPyConnection, active: Bundle) -> None:
    """The active playbook decides on it in many ways: active and passive, in every mode."""
    (decisions,) = replay(history, [active])
    assert len(decisions) == COUNT
    assert len({each.recommendation.action for each in decisions}) >= 12
    assert {each.recommendation.mode.value for each in decisions if each.recommendation.is_active} == {
        "automatic", "policy_gated", "approval_required",
    }  # fmt: skip
    assert {each.basis for each in decisions} == {"committed", "standing"}


def test_the_command_writes_a_history_once(tmp_path: Path) -> None:
    """It says what it wrote, and refuses to write over it, or among other files."""
    call = ["generate", str(tmp_path / "new"), "--count", "20", "--seed", "3"]
    call += ["--playbooks", str(ROOT / "playbooks")]
    written = CliRunner().invoke(app, call)
    assert written.exit_code == 0
    assert written.output.startswith("generated: 20 incidents with ")
    again = CliRunner().invoke(app, call)
    assert again.exit_code == 2
    assert "new: is there already. Name a new or an empty folder" in " ".join(again.output.split())
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "notes.txt").touch()
    assert CliRunner().invoke(app, ["generate", str(tmp_path / "ours")]).exit_code == 2


def test_a_size_out_of_range_is_refused(active: Bundle, tmp_path: Path) -> None:
    """Ids have seven digits."""
    with pytest.raises(ValueError, match="between 1 and 9999999 incidents"):
        generate_history(tmp_path, 0, 1, active.grading)
    assert Generated(1, 2) != Generated(1, 3)
