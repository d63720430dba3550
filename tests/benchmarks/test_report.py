"""The report of `make bench` on a small history: every ratio is there; no time is asserted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from benchmarks.bench import Bench
from benchmarks.detections import rule_count
from benchmarks.rows import Goal, Row
from benchmarks.scan import columns_of
from benchmarks.tasks import STATES, run, run_here
from evidence.decision.conditions import columns_read
from simulator.histories.history import open_folder


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(200, tmp_path_factory.mktemp("cache"), repeats=1, records=50, run=run_here)


@pytest.fixture(scope="module")
def report(bench: Bench) -> Iterator[list[str]]:
    threads = pa.cpu_count()
    yield list(bench.report())
    pa.set_cpu_count(threads)


RATIOS = (
    "  bare scan",
    "one version, decisions of record",
    "two versions with comparison",
    "what it adds from 20 incidents on",
    "evidence compare, whole",
    "each further version of 6, of the first",
    "growth from 20 incidents",
    "memory of evidence compare, peak",
    "two threads against one on one core, wall",
    "memory of two versions with comparison, peak",
    "with 256 MB for the database, CPU",
    "states in no order, CPU",
    "read_json, a record",
    "records found, hashed, strictly parsed; their anchors",
    "the whole intake stage",
    "reading and hashing the bytes alone",
    "evidence ingest, read and grouped",
    "evidence ingest, and written",
    "memory of evidence ingest, peak",
    "extraction alone, a record",
    "1 rule, from records to hits",
    "100 rules, from records to hits",
    "each further rule, of the first",
    "10 rules one after the other, of 10 together",
    "growth to 250 records, exponent",
    "memory of that, peak",
    "full decision: product, one version",
    "full decision: product, two versions compared",
    "full decision: generated Python, read from the file",
    "full decision: generated Python / product, end to end",
    "which rules hold: product's keys",
    "which rules hold: ZEN engine",
    "which rules hold: Cedar",
    "which rules hold: Rego (regopy)",
    "which rules hold: Rego (OPA",
    "one question to one of the playbook's policies",
)


@pytest.mark.slow
@pytest.mark.parametrize("what", RATIOS)
def test_the_report_has_every_ratio(what: str, report: list[str]) -> None:
    """Each measurement is printed with its figure, or says why it was skipped."""
    (line, *_) = [line for line in report if what in line] or [""]
    assert any(sign.isdigit() for sign in line.replace(what, "")) or "skipped:" in line


@pytest.mark.slow
def test_detections_are_measured_on_records_that_rules_see(bench: Bench) -> None:
    """All rules find more than few, and one after the other they find what they find together."""
    list(bench.detection_rows())
    folder = bench.cache / "cloudtrail-50"
    few = run_here("detecting", folder, rule_count=3).count
    assert few == run_here("detecting", folder, rule_count=3, is_singly=True).count
    assert few <= run_here("detecting", folder, rule_count=rule_count()).count
    assert 50 <= run_here("extracting", folder).count


@pytest.mark.slow
def test_every_goal_is_said_to_be_met_or_not(report: list[str]) -> None:
    """A line with a goal ends in a verdict."""
    goals = [line for line in report if " goal " in line]
    assert 9 <= len(goals)
    assert all(": met" in line or ": not met" in line or ": not measured" in line for line in goals)


def test_a_goal_knows_its_direction() -> None:
    """At most twelve is met by twelve, at least ten is not met by nine, and no figure is no verdict."""
    assert Row("", 12.0, "x", Goal(12)).is_met is True
    assert Row("", 9.0, "x", Goal(10, is_least=True)).is_met is False
    assert Row("", None, "x", Goal(10)).is_met is None


def test_the_bare_scan_reads_what_the_rules_read(bench: Bench) -> None:
    """The yardstick reads every column that a condition reads and that is not graded anew."""
    history = open_folder(bench.history(200))
    scanned = set(columns_of(history.connection, [bench.bundle], STATES))
    read = {column for use in bench.bundle.uses for column in columns_read(use.condition)}
    graded = {"severity", "is_error_rate_over_policy", "is_latency_over_policy"}
    assert set() == read - scanned - graded - {"is_resource_pressure_over_policy"}
    assert {"error_rate_ppm", "severity_falco", "blast_radius"} <= scanned


@pytest.mark.slow
def test_a_measurement_runs_in_a_process_of_its_own(bench: Bench) -> None:
    """Apart from this process the same task counts the same, and its memory is its own."""
    folder = bench.history(20)
    apart = run("replay", folder, versions=2)
    assert run_here("replay", folder, versions=2).count == apart.count == 40
    assert 0 < apart.cpu_seconds
    assert 0 < apart.peak_mb


@pytest.mark.slow
def test_a_history_that_was_broken_off_is_written_anew(bench: Bench, tmp_path: Path) -> None:
    """Only a history that is marked as done is taken from the cache."""
    folder = Bench(20, tmp_path, repeats=1).history(20)
    whole = (folder / "incident_states.parquet").read_bytes()
    (folder / "incident_states.parquet").write_bytes(whole[:100])
    (folder / "done").unlink()
    Bench(20, tmp_path, repeats=1).history(20)
    assert whole == (folder / "incident_states.parquet").read_bytes()
