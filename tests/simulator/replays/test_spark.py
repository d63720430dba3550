"""Spark decides a history as the embedded engine does, to the last byte, with a real session and Java."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from evidence.decision import Bundle, load_active
from evidence.errors import EvidenceError
from evidence.times import format_rfc3339
from pipelines.cli import app
from simulator.histories.generator import generate_history
from simulator.histories.history import open_folder
from simulator.replays.runs import replay_runs
from simulator.replays.spark import replay_runs_on_spark, spark_session

from ..worlds import edited

ROOT = Path(__file__).parents[3]
LARGE, SMALL = 20_000, 60
HAS_JAVA = bool(os.environ.get("JAVA_HOME") or shutil.which("java"))
HAS_PYSPARK = importlib.util.find_spec("pyspark") is not None
needs_spark = [
    pytest.mark.slow,
    pytest.mark.skipif(not HAS_PYSPARK, reason="needs pyspark: pip install -e '.[spark]'"),
    pytest.mark.skipif(not HAS_JAVA, reason="needs Java 17 or newer: apt-get install default-jre"),
]


@pytest.fixture(scope="module")
def active() -> Bundle:
    return load_active(ROOT / "playbooks")


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder in which nothing may be left behind."""
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    yield tmp_path / "empty"
    assert [] == sorted(path.name for path in (tmp_path / "empty").iterdir())


@pytest.fixture(scope="module")
def small(active: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In a folder whose name is a pattern to Spark; of the last incident nothing ever arrived."""
    path: Path = tmp_path_factory.mktemp("history") / "odd [x] {1,2} * ü"
    generate_history(path, SMALL, 4, active.grading)
    states = pq.read_table(path / "incident_states.parquet")
    last = max(states["incident_id"].to_pylist())
    kept = [each != last for each in states["incident_id"].to_pylist()]
    pq.write_table(states.filter(kept), path / "incident_states.parquet")
    return path


class TestWithSpark:
    """With a real session of two processors."""

    pytestmark = needs_spark

    def test_a_large_history_is_decided_alike(self, active: Bundle, empty: Path, tmp_path: Path) -> None:
        """Twenty thousand incidents in ten buckets: the same run, tables and digest."""
        folder = tmp_path / "history"
        generate_history(folder, LARGE, 7, active.grading)
        with closing((history := open_folder(folder)).connection):
            (found,) = replay_runs_on_spark(history, folder, [active], master="local[2]")
            (expected,) = replay_runs(history, [active])
        assert LARGE == found.decisions.num_rows
        assert (expected.run_id, expected.digest) == (found.run_id, found.digest)

    @pytest.mark.parametrize("has_incidents", [True, False], ids=["incidents", "states alone"])
    def test_a_part_of_a_history_is_decided_alike(
        self, active: Bundle, small: Path, tmp_path: Path, empty: Path, has_incidents: bool
    ) -> None:
        """Several bundles, some of the incidents, more buckets than incidents, odd names of folders."""
        folder = shutil.copytree(small, tmp_path / small.name)
        if not has_incidents:
            (folder / "incidents.parquet").unlink()
        bundles = [active, replace(edited(), detections=active.detections)]
        with closing((history := open_folder(folder)).connection):
            ids = [
                row[0]
                for row in history.connection.execute(
                    "select incident_id from intake.incidents order by incident_id desc limit 5"
                ).fetchall()
            ]
            found = replay_runs_on_spark(history, folder, bundles, ids, master="local[2]", bucket_count=9)
            expected = replay_runs(history, bundles, ids)
        assert [(run.run_id, run.digest) for run in expected] == [(run.run_id, run.digest) for run in found]
        assert 5 == found[1].decisions.num_rows

    def test_the_command_writes_the_same_run(self, small: Path, tmp_path: Path, empty: Path) -> None:
        """As of a moment, too: every file below --out has the same bytes with either engine."""
        starts = sorted(pq.read_table(small / "incidents.parquet")["window_start"].to_pylist())
        as_of = format_rfc3339(starts[SMALL // 2])
        written = {}
        for engine in ("embedded", "spark"):
            out = tmp_path / engine
            result = CliRunner().invoke(
                app,
                ["replay", "--history", str(small), "--engine", engine, "--as-of", as_of, "--format", "json",
                 "--playbooks", str(ROOT / "playbooks"), "--out", str(out)],
            )  # fmt: skip
            assert 0 == result.exit_code, result.output
            assert 0 < len(json.loads(result.stdout)["incidents"]) < SMALL
            written[engine] = {
                path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()
            }
        assert written["embedded"] == written["spark"]
        assert 5 == len(written["spark"])

    def test_what_a_task_raises_is_told_in_a_line(self, active: Bundle, small: Path, empty: Path) -> None:
        """The error is the task's own, without Java's stack."""
        broken = Bundle(
            "broken",
            active.playbook.model_copy(update={"need": "many"}),
            active.approvers,
            (),
            active.detections,
        )
        with (
            closing((history := open_folder(small)).connection),
            pytest.raises(EvidenceError, match=r"^Spark broke the replay off: [^\n]+$"),
        ):
            replay_runs_on_spark(history, small, [broken], master="local[2]")

    def test_a_local_session_keeps_to_itself(self, empty: Path) -> None:
        """It is bound to loopback, shows no page, counts in UTC, runs this Python, and leaves no folder."""
        before = dict(os.environ)
        with spark_session("local[2]") as session:
            settings = {key: session.conf.get(key) for key in (
                "spark.driver.host", "spark.driver.bindAddress", "spark.ui.enabled",
                "spark.sql.session.timeZone", "spark.sql.catalogImplementation",
            )}  # fmt: skip
            scratch = Path(session.conf.get("spark.local.dir"))
            assert scratch.is_dir()
        assert ["127.0.0.1", "127.0.0.1", "false", "UTC", "in-memory"] == list(settings.values())
        assert not scratch.exists()
        assert before == dict(os.environ)
