"""A history that is decided in buckets is decided as a whole, however it is cut."""

from __future__ import annotations

import hashlib
import pickle
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from evidence.decision import Bundle, load_active
from evidence.errors import EvidenceError
from evidence.tables import arrow_schema
from expectations.tables import TABLES
from simulator.histories.generator import generate_history
from simulator.histories.history import INCIDENTS, STATES, History, folder_files, open_folder
from simulator.replays.buckets import (
    BUCKET_INCIDENTS,
    BucketReplay,
    bucket_count_of,
    bucket_of,
    buckets_of,
    put_together,
)
from simulator.replays.runs import Run, replay_runs, runs_of
from simulator.replays.spark import refuse_undecided

from ..worlds import edited

ROOT = Path(__file__).parents[3]
COUNT = 9


@pytest.fixture(scope="module")
def active() -> Bundle:
    return load_active(ROOT / "playbooks")


@pytest.fixture(scope="module")
def folder(active: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated history; of its last incident nothing ever arrived."""
    path: Path = tmp_path_factory.mktemp("history")
    generate_history(path, COUNT, 4, active.grading)
    states = pq.read_table(path / "incident_states.parquet")
    last = pc.max(states["incident_id"])
    pq.write_table(states.filter(pc.not_equal(states["incident_id"], last)), path / "incident_states.parquet")
    return path


@pytest.fixture(scope="module")
def bundles(active: Bundle) -> list[Bundle]:
    """The active one, which asks policies; another with the same grading; and one with another grading.

    All have the same detections: an invented history has no records to hit.
    """
    return [active, edited(active, need=30), replace(edited(), detections=active.detections)]


def ids(folder: Path) -> list[str]:
    return pq.read_table(folder / "incidents.parquet")["incident_id"].to_pylist()


def bucket(path: Path, number: int, count: int) -> pa.Table:
    """The rows of one bucket, backwards: Spark gives them in any order."""
    table = pq.read_table(path)
    ids = table["incident_id"].combine_chunks()
    part = table.append_column("bucket", buckets_of(ids, count)).filter(pc.field("bucket") == number)
    return part.take(pa.array(range(part.num_rows - 1, -1, -1), pa.int64()))


def in_buckets(folder: Path, history: History, bundles: list[Bundle], count: int) -> list[Run]:
    task = pickle.loads(pickle.dumps(BucketReplay(tuple(bundles), history.as_of)))
    files = folder_files(folder)
    parts = [
        task.parts(
            bucket(files[STATES][0], number, count),
            bucket(files[INCIDENTS][0], number, count) if INCIDENTS in files else None,
        )
        for number in reversed(range(count))
    ]
    return runs_of(history, bundles, put_together(parts, len(bundles)), None)


def test_every_incident_is_in_one_bucket(folder: Path) -> None:
    """The buckets of the states and of the incidents agree, and none is outside of 0 to count - 1."""
    for count in (1, 2, 7, 64):
        of_states = pq.read_table(folder / "incident_states.parquet")["incident_id"].combine_chunks()
        found = set(zip(of_states.to_pylist(), buckets_of(of_states, count).to_pylist(), strict=True))
        assert {(each, bucket_of(each, count)) for each in ids(folder)[:-1]} == found
        assert {number for _, number in found} <= set(range(count))


def test_the_bucket_is_the_same_on_every_machine() -> None:
    """It is the first eight bytes of SHA-256 modulo the count, for any letters."""
    for name in ("inc-0101-checkout-shell", "", "ü"):
        digest = hashlib.sha256(name.encode()).hexdigest()
        assert int(digest[:16], 16) % 16 == bucket_of(name, 16)
    assert 4 == bucket_of("inc-0101-checkout-shell", 16)


def test_buckets_hold_about_as_many_incidents_as_a_task_can() -> None:
    """Their number is that of the incidents divided by the size, rounded up, and never none."""
    assert [1, 1, 2, 500] == [
        bucket_count_of(count)
        for count in (0, BUCKET_INCIDENTS, BUCKET_INCIDENTS + 1, 500 * BUCKET_INCIDENTS)
    ]


@pytest.mark.parametrize(
    "count", [pytest.param(1, marks=pytest.mark.slow), 3, pytest.param(5, marks=pytest.mark.slow)]
)
def test_the_buckets_together_are_the_whole(folder: Path, bundles: list[Bundle], count: int) -> None:
    """Runs, tables and digests are those of the history in one piece."""
    with closing((history := open_folder(folder)).connection):
        expected = replay_runs(history, bundles)
        found = in_buckets(folder, history, bundles, count)
    assert [(run.run_id, run.digest) for run in expected] == [(run.run_id, run.digest) for run in found]
    assert all(one.tables[name].equals(other.tables[name])
               for one, other in zip(expected, found, strict=True) for name in one.tables)  # fmt: skip
    assert COUNT == found[0].decisions.num_rows
    assert found[0].tables["decision.policy_verdicts"].num_rows > 0


@pytest.mark.slow
def test_buckets_may_be_empty(folder: Path) -> None:
    """More buckets than incidents give the same run."""
    with closing((history := open_folder(folder)).connection):
        (expected,) = replay_runs(history, [edited()])
        (found,) = in_buckets(folder, history, [edited()], COUNT + 1)
    assert expected.digest == found.digest


@pytest.mark.slow
def test_a_history_as_of_a_moment_is_cut_in_every_bucket(folder: Path, bundles: list[Bundle]) -> None:
    """Nothing later is known there either, and an incident that has not begun is in no bucket."""
    starts = pq.read_table(folder / "incidents.parquet")["window_start"].to_pylist()
    as_of = sorted(starts)[COUNT // 2]
    with closing((history := open_folder(folder, as_of)).connection):
        expected, found = replay_runs(history, bundles), in_buckets(folder, history, bundles, 2)
    assert [(run.run_id, run.digest) for run in expected] == [(run.run_id, run.digest) for run in found]
    assert 0 < found[0].decisions.num_rows < COUNT


@pytest.mark.slow
def test_states_alone_are_decided_in_buckets_too(folder: Path, bundles: list[Bundle], tmp_path: Path) -> None:
    """Without a table of incidents every bucket makes its own from its states."""
    states = pq.read_table(folder / "incident_states.parquet")
    pq.write_table(states, tmp_path / "incident_states.parquet")
    with closing((history := open_folder(tmp_path)).connection):
        expected, found = replay_runs(history, bundles), in_buckets(tmp_path, history, bundles, 2)
    assert [run.digest for run in expected] == [run.digest for run in found]


def test_a_side_without_rows_may_come_without_columns(bundles: list[Bundle], folder: Path) -> None:
    """A bucket of incidents of which nothing arrived has no states, and an empty table has no types."""
    (last,) = pq.read_table(folder / "incidents.parquet").slice(COUNT - 1).to_batches()
    parts = BucketReplay(tuple(bundles)).parts(pa.table({}), pa.Table.from_batches([last]))
    decided = put_together([parts], len(bundles))
    assert [1, 1, 1] == [tables["decision.decisions"].num_rows for tables in decided]
    assert arrow_schema(TABLES["decision.decisions"]) == decided[0]["decision.decisions"].schema


def test_a_pickled_policy_answers_as_before(active: Bundle) -> None:
    """What is compiled stays behind: its addresses mean nothing in another process."""
    policy = active.policies[0]
    case = policy.declaration.cases[0]
    request = {"action": case.action}
    said = policy.ask(request)
    copy = pickle.loads(pickle.dumps(policy))
    assert (policy, {"name", "source", "declaration"}) == (copy, set(vars(copy)))
    assert said == copy.ask(request)


def test_an_incident_that_no_bucket_decided_is_missed(folder: Path, bundles: list[Bundle]) -> None:
    """A run of fewer incidents than were asked for is refused rather than published."""
    with closing((history := open_folder(folder)).connection):
        (run,) = replay_runs(history, bundles[:1], ids(folder)[:3])
    refuse_undecided([run], 3)
    with pytest.raises(EvidenceError, match=r"Spark decided 3 of 4 incidents"):
        refuse_undecided([run], 4)
