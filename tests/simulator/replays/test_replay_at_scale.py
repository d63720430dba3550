"""However a history is cut, ordered or squeezed, its replay is what production would have published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from evidence.decision import Bundle, decide, load_active
from evidence.errors import ContractError
from evidence.tables import open_memory
from simulator.histories.excerpts import graded_excerpt
from simulator.histories.generator import generate_history
from simulator.replays import key_runs
from simulator.replays.replay import Replays, replay_history, replay_slices
from simulator.replays.stored_ticks import are_as_declared

ROOT = Path(__file__).parents[3]
COUNT = 240
DECIDED = (
    "option", "action", "mode", "approvers", "basis", "moment", "decided_at", "horizon_at", "is_withdrawn",
    "first_automatic_at", "hindsight_action", "preferred_action",
)  # fmt: skip
RECOMMENDED = ("moment", "known_at", "option", "action", "mode", "approvers", "is_hindsight")
SHUFFLED = "order by md5(incident_id || moment)"
PAIRS = ((0, 1), (0, 2), (0, 3), (0, 4), (4, 5))


@pytest.fixture(scope="module")
def folder(active: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("history")
    generate_history(path, COUNT, 12, active.grading)
    return path


@pytest.fixture(scope="module")
def active() -> Bundle:
    return load_active(ROOT / "playbooks")


def changed(bundle: Bundle, **playbook: Any) -> Bundle:
    return Bundle(
        "candidate",
        bundle.playbook.model_copy(update=playbook),
        bundle.approvers,
        bundle.policies,
        bundle.detections,
    )


def graded(bundle: Bundle, **grading: Any) -> dict[str, Any]:
    return {"grading": bundle.grading.model_copy(update=grading)}


@pytest.fixture(scope="module")
def bundles(active: Bundle) -> list[Bundle]:
    """The active one; others in points, grading and ticks; and two that read an ageing column."""
    weights = active.grading.confidence
    distrust = weights.model_copy(
        update={"source_trust": weights.source_trust.model_copy(update={"alertmanager": 10})}
    )
    ageing = active.rules[-1].model_copy(
        update={"when": "tick_count >= 1 and severity >= 3", "supports": {"hand_to_incident_commander": 90}}
    )
    rules = (*active.rules[:-1], ageing)
    return [
        active,
        changed(active, need=30),
        changed(active, **graded(active, confidence=distrust)),
        changed(active, need=30, **graded(active, tick_minutes=(5, 240))),
        changed(active, rules=rules),
        changed(active, rules=rules, **graded(active, tick_minutes=(7,))),
    ]


def opened(folder: Path, order: str = "") -> duckdb.DuckDBPyConnection:
    connection = open_memory()
    for schema, table in (("enrichment", "incident_states"), ("intake", "incidents")):
        connection.execute(f"create schema {schema}").fetchall()
        connection.execute(
            f"create view {schema}.{table} as from read_parquet('{folder / table}.parquet') {order}"
        ).fetchall()
    return connection


@pytest.fixture(scope="module")
def replays(folder: Path, bundles: list[Bundle]) -> Replays:
    return replay_history(opened(folder), bundles, pairs=PAIRS)


def rows_of(table: Any, place: int, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
    return [
        (row["incident_id"], *(row[column] for column in columns))
        for row in table.to_pylist()
        if row["bundle"] == place
    ]


@pytest.mark.parametrize(
    "place", [0, *(pytest.param(place, marks=pytest.mark.slow) for place in range(1, 6))]
)
def test_a_bundle_among_others_decides_as_production_does_with_it_alone(
    folder: Path, bundles: list[Bundle], replays: Replays, place: int
) -> None:
    """Decisions and recommendations equal those published over states graded and ticked by that bundle."""
    with graded_excerpt(opened(folder), bundles[place].grading) as excerpt:
        published = decide(excerpt, bundles[place])
    for name, table, columns in (
        ("decision.decisions", replays.decisions, DECIDED),
        ("decision.recommendations", replays.recommendations, RECOMMENDED),
    ):
        expected = [
            (row["incident_id"], *(row[column] for column in columns)) for row in published[name].to_pylist()
        ]
        assert expected == rows_of(table, place, columns)
        assert len({row[0] for row in expected}) == COUNT


def test_the_history_holds_what_makes_a_replay_hard(replays: Replays) -> None:
    """Nothing arrived in time, decisions withdrawn, aborted by policy, changed and unchanged."""
    decisions = replays.decisions.to_pylist()
    assert min(row["moment"] for row in decisions) == 0
    assert {row["is_withdrawn"] for row in decisions} == {True, False}
    assert {row["basis"] for row in decisions} == {"committed", "standing"}
    assert any(row["preferred_action"] for row in decisions)
    assert any(row["is_hindsight"] for row in replays.recommendations.to_pylist())
    kinds = {(row["is_decision_changed"], row["is_path_changed"]) for row in replays.partings.to_pylist()}
    assert kinds == {(False, False), (False, True), (True, True)}


def assert_same(expected: Replays, found: Replays) -> None:
    assert expected.decisions.equals(found.decisions)
    assert expected.recommendations.equals(found.recommendations)
    assert expected.partings.equals(found.partings)


@pytest.mark.parametrize(
    "order",
    [
        SHUFFLED,
        pytest.param("order by known_at desc, incident_id", marks=pytest.mark.slow),
        pytest.param("order by incident_id desc", marks=pytest.mark.slow),
    ],
    ids=["shuffled", "latest first", "backwards"],
)
def test_the_order_of_the_states_changes_nothing(
    folder: Path, bundles: list[Bundle], replays: Replays, order: str
) -> None:
    """Not even when an incident's moments are scattered over the files."""
    connection = opened(folder)
    connection.execute(f"create temp table scattered as from enrichment.incident_states {order}").fetchall()
    assert_same(replays, replay_history(connection, bundles, "scattered", pairs=PAIRS))


@pytest.mark.parametrize("rows", [pytest.param(1, marks=pytest.mark.slow), 13, 2048])
def test_the_size_of_a_batch_changes_nothing(
    folder: Path, bundles: list[Bundle], replays: Replays, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An incident may be cut between any two of its moments."""
    monkeypatch.setattr(key_runs, "BATCH_ROWS", rows)
    connection = opened(folder)
    few = f"from enrichment.incident_states where incident_id < 'inc-0000040' {SHUFFLED}"
    connection.execute(f"create temp table few as {few}").fetchall()
    expected = replay_history(connection, bundles[:2], "few")
    monkeypatch.undo()
    assert_same(replay_history(connection, bundles[:2], "few"), expected)


def test_slices_are_the_whole_in_pieces(folder: Path, bundles: list[Bundle], replays: Replays) -> None:
    """In the incidents' order, each piece ordered like the whole."""
    slices = list(replay_slices(opened(folder), bundles, pairs=PAIRS, slice_incidents=70))
    assert [70, 70, 70, 30] == [each.decisions.num_rows // len(bundles) for each in slices]
    for name, by in (("decisions", "bundle"), ("recommendations", "bundle"), ("partings", "pair")):
        pieces = [row for each in slices for row in getattr(each, name).to_pylist()]
        assert getattr(replays, name).to_pylist() == sorted(pieces, key=lambda row, by=by: row[by])


@pytest.mark.parametrize(
    "setting",
    [
        "threads = 4",
        *(pytest.param(each, marks=pytest.mark.slow) for each in ("threads = 1", "memory_limit = '128MB'")),
    ],
)
def test_threads_and_memory_change_nothing(
    folder: Path, bundles: list[Bundle], replays: Replays, setting: str, tmp_path: Path
) -> None:
    """Also when DuckDB has to put aside what does not fit."""
    connection = opened(folder)
    connection.execute(f"set temp_directory = '{tmp_path}'").fetchall()
    connection.execute(f"set {setting}").fetchall()
    assert_same(replays, replay_history(connection, bundles, pairs=PAIRS))


def test_states_of_an_unknown_incident_are_refused(folder: Path, bundles: list[Bundle]) -> None:
    """A history whose two tables do not belong together is no history; the connection can be used on."""
    connection = opened(folder)
    states = "(select * replace ('inc-unheard-of' as incident_id) from enrichment.incident_states)"
    with pytest.raises(ContractError, match="states of an incident that is not in intake"):
        replay_history(connection, bundles[:1], states)
    assert replay_history(connection, bundles[:1]).decisions.num_rows == COUNT


def test_a_history_without_states_is_decided_on_blank_ones(folder: Path, bundles: list[Bundle]) -> None:
    """There is always exactly one decision per incident and bundle."""
    states = "(from enrichment.incident_states where false)"
    empty = replay_history(opened(folder), bundles[:2], states, pairs=((0, 1),))
    assert [0] * COUNT * 2 == empty.decisions.column("moment").to_pylist()
    assert empty.partings.num_rows == COUNT


DAMAGES = {
    "a tick is missing": "from enrichment.incident_states where not (is_tick and tick_count = 2)",
    "a tick is not declared": "select * replace (known_at + 1 as known_at) from enrichment.incident_states",
    "a count is wrong": "select * replace (tick_count + 1 as tick_count) from enrichment.incident_states",
    "an age is wrong": "select * replace (7 as seconds_since_change) from enrichment.incident_states",
}


def test_ticks_that_are_as_declared_are_taken_as_they_are(folder: Path, active: Bundle) -> None:
    """Also where evidence arrives at a tick, and where an incident never signals."""
    connection = opened(folder)
    assert are_as_declared(connection, active.grading, "enrichment.incident_states")
    for minutes in ((15,), (15, 60, 90), (5, 60), ()):
        other = active.grading.model_copy(update={"tick_minutes": minutes})
        assert not are_as_declared(connection, other, "enrichment.incident_states")


@pytest.mark.parametrize("damage", DAMAGES)
def test_ticks_that_are_not_as_declared_are_made_anew(
    folder: Path, bundles: list[Bundle], replays: Replays, damage: str
) -> None:
    """The stored ones are looked at and not trusted."""
    connection = opened(folder)
    damaged = f"({DAMAGES[damage]})"
    assert not are_as_declared(connection, bundles[4].grading, damaged)
    if damage != "a tick is not declared":
        found = replay_history(connection, [bundles[4]], damaged)
        assert rows_of(replays.decisions, 4, DECIDED) == rows_of(found.decisions, 0, DECIDED)
