"""A run says what production would publish, is named by what it depends on, and comes out the same again."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow.compute as pc
import pytest

from evidence.decision import decide
from simulator.histories.excerpts import graded_excerpt
from simulator.histories.history import History
from simulator.replays.runs import replay_runs, replay_tables
from tests.decision.deciding import mini

from ..worlds import ERRORS_ONLY, RESTARTED, SURE, edited, world

ROOT = Path(__file__).parents[3]
DIGEST = "0" * 64


@pytest.fixture(scope="module")
def history() -> History:
    """Three incidents, one of them labelled as the small bundle decides."""
    connection: duckdb.DuckDBPyConnection = world(
        {"inc-1": [SURE, RESTARTED], "inc-2": [ERRORS_ONLY], "inc-3": [SURE]},
        **{"inc-1": {"label_expected_option": "contain"}, "inc-2": {"label_expected_option": "monitor"}},
    )
    return History(connection, DIGEST, 3, as_of=None, has_horizons=True, has_evidence=True)


def test_a_run_is_what_production_publishes(history: History) -> None:
    """The four tables of a run are those of the decision stage on states graded by the bundle."""
    (run,) = replay_runs(history, [mini()])
    with graded_excerpt(history.connection, mini().grading) as excerpt:
        expected = decide(excerpt, mini())
    assert sorted(expected) == sorted(run.tables)
    assert [] == [name for name in expected if not expected[name].equals(run.tables[name])]


def test_bundles_share_a_pass_without_touching_each_other(history: History) -> None:
    """Each run of several is the run of its bundle alone, whichever gradings they have."""
    bundles = [mini(), edited(need=1000), edited(grading__confidence__corroboration_points=0)]
    together = replay_runs(history, bundles)
    alone = [replay_runs(history, [bundle])[0] for bundle in bundles]
    assert [run.digest for run in alone] == [run.digest for run in together]
    assert 3 == len({run.digest for run in together})


def test_the_same_inputs_give_the_same_run(history: History) -> None:
    """Name and digest of a run are those of any other run of the same history and content."""
    first, again = (replay_runs(history, [bundle])[0] for bundle in (mini(), edited(name="copy")))
    assert (first.run_id, first.digest) == (again.run_id, again.digest)
    other = replay_runs(History(history.connection, DIGEST, 3, 5, True, True), [mini()])[0]
    assert first.run_id != other.run_id


def test_a_run_of_some_incidents_decides_them_as_the_run_of_all(history: History) -> None:
    """What is left out does not matter to what is replayed."""
    whole, part = replay_runs(history, [mini()])[0], replay_runs(history, [mini()], ["inc-2"])[0]
    only = whole.decisions.filter(pc.equal(whole.decisions.column("incident_id"), "inc-2"))
    assert only.to_pylist() == part.decisions.to_pylist()


def test_a_run_of_some_incidents_is_another_run(history: History) -> None:
    """Its name depends on which, and not on their order: it never takes the place of the run of all."""
    asked = (None, ["inc-2"], ["inc-1", "inc-2"], ["inc-2", "inc-1", "inc-2"])
    names = [replay_runs(history, [mini()], incidents)[0].run_id for incidents in asked]
    assert 3 == len(set(names))
    assert names[2] == names[3]


def test_the_tables_name_every_run_once(history: History) -> None:
    """Two names of one content are one run; counts and labels are those of its decisions."""
    runs = replay_runs(history, [mini(), edited(name="copy"), edited(need=1000)])
    tables = replay_tables(history, runs)
    assert 2 == tables["replay.runs"].num_rows
    assert 6 == tables["replay.decisions"].num_rows
    rows = {row["playbook"]: row for row in tables["replay.runs"].to_pylist()}
    counted = ("incident_count", "active_count", "automatic_count", "right_count", "labelled_count")
    assert (3, 1, 3, 1, 2) == tuple(rows["copy"][name] for name in counted)
    assert 0 == rows["candidate"]["active_count"]
