"""Owns the benchmark's one command: histories are invented, the product is measured on them, ratios printed.

Seconds depend on the machine, ratios of one run hardly do: replay is measured against a bare scan of the
very columns that it reads, other engines against the kernel on the same states.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import pyarrow.parquet as pq

from benchmarks.contenders import Sample, contenders, kernel_rules_seconds, policies_microseconds
from benchmarks.detections import rule_count, write_tables
from benchmarks.exports import RECORDS
from benchmarks.ingest import write_export
from benchmarks.rows import Goal, Row
from benchmarks.tasks import ROOT, STATES_FILE, Taken, scattered_file
from benchmarks.tasks import run as run_apart
from evidence.decision import load_active
from simulator.histories.generator import generate_history

Run: TypeAlias = Callable[..., Taken]
SEED = 1
CACHE = ROOT / ".bench"
GOAL_INCIDENTS = 1_000_000  # the goals are about a history of this size
VERSIONS = 6
RECORD_COUNT = 20_000
ROUNDS = 5
FEW = 10  # rules, of all
LARGER = 5  # times as many records for what does not hold them all at once


def main() -> None:
    """Parse the command line and print the report as it is measured."""
    incidents = int(os.environ.get("BENCH_INCIDENTS", "100000"))
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--incidents", type=int, default=incidents, help="size of the largest history")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder of the invented histories")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each short task; the median counts")
    options = parser.parse_args()
    for line in Bench(options.incidents, options.cache, options.repeats).report():
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


class Bench:
    """One run of the benchmark."""

    def __init__(
        self, incidents: int, cache: Path, repeats: int, records: int = RECORD_COUNT, run: Run = run_apart
    ) -> None:
        self.incidents, self.cache, self.repeats, self.records = incidents, cache, repeats, records
        self.run = run
        self.bundle = load_active(ROOT / "playbooks")

    def report(self) -> Iterator[str]:
        """The lines of the report, each as soon as it is known."""
        yield f"Histories in {self.cache.name} (invented once; the first run takes minutes longer)"
        folder, smaller = self.history(self.incidents), self.history(self.smaller)
        yield (
            f"{self.incidents:,} incidents with {self.state_count:,} moments; playbook {self.bundle.name}"
            f" ({len(self.bundle.rules)} rules, {len(self.bundle.actions)} actions,"
            f" {len(self.bundle.policies)} policies) and variants of three changed rules"
        )
        if self.incidents < GOAL_INCIDENTS:
            yield (
                f"Goals are about {GOAL_INCIDENTS:,} incidents (BENCH_INCIDENTS={GOAL_INCIDENTS}): what a"
                " replay costs once weighs more here."
            )
        yield "Replay: CPU time on one thread, divided by a bare scan of the columns that it reads"
        yield from map(str, self.replay_rows(folder, smaller))
        yield "Threads and memory"
        yield from map(str, self.scale_rows(folder))
        for kind in RECORDS:
            yield f"Intake: CPU time on {self.records:,} {RECORDS[kind].tool} records, divided by read_json"
            yield from map(str, self.ingest_rows(kind))
        yield f"Detections: CPU time on {self.records:,} CloudTrail records, divided by one extraction"
        yield from map(str, self.detection_rows())
        yield "One state, one version, one thread; each agrees with the kernel on the sample"
        yield from map(str, self.contender_rows(folder, smaller))

    @property
    def smaller(self) -> int:
        """A tenth of the size, to measure growth."""
        return max(self.incidents // 10, 1)

    @cached_property
    def state_count(self) -> int:
        """Moments of the history."""
        return _state_count(self.history(self.incidents))

    def history(self, incidents: int) -> Path:
        """The folder of the history of that size, invented when it is not there or was broken off."""
        # Another grading makes another history.
        folder = self.cache / f"history-{incidents}-{self.bundle.digest[:8]}"
        if not (folder / "done").exists():
            generate_history(folder, incidents, SEED, self.bundle.grading)
            (folder / "done").touch()
        return folder

    # --- against the bare scan

    @cached_property
    def bare(self) -> Taken:
        """The bare scan of the history."""
        return self.run("scan", self.history(self.incidents), self.repeats)

    @cached_property
    def one(self) -> Taken:
        """One version."""
        return self.run("replay", self.history(self.incidents), self.repeats, versions=1)

    @cached_property
    def two(self) -> Taken:
        """Two versions, compared."""
        return self.run("classes", self.history(self.incidents), self.repeats)

    def replay_rows(self, folder: Path, smaller: Path) -> Iterator[Row]:
        """The product's replay and comparison."""
        bare = self.bare.cpu_seconds
        yield Row("bare scan", bare, "s")
        yield Row("one version, decisions of record", self.one.cpu_seconds / bare, "x")
        two = self.two.cpu_seconds
        yield Row("two versions with comparison", two / bare, "x", Goal(12), "stretch 6")
        tenth, tenth_bare = (
            self.run("classes", smaller, self.repeats),
            self.run("scan", smaller, self.repeats),
        )
        marginal = (two - tenth.cpu_seconds) / max(bare - tenth_bare.cpu_seconds, 1e-9)
        yield Row(f"  what it adds from {self.smaller:,} incidents on", marginal, "x")
        whole = self.run("compare", folder, 1, is_attributed=True)
        yield Row("evidence compare, whole: told, attributed, statistics", whole.cpu_seconds / bare, "x")
        many = self.run("replay", folder, self.repeats, versions=VERSIONS)
        further = (many.cpu_seconds - self.one.cpu_seconds) / (VERSIONS - 1) / self.one.cpu_seconds
        yield Row(f"each further version of {VERSIONS}, of the first", further, "x", Goal(0.15))
        exponent = math.log(two / tenth.cpu_seconds) / math.log(self.incidents / self.smaller)
        what = f"growth from {self.smaller:,} incidents, two versions, exponent"
        yield Row(what, exponent, "", Goal(1.05))
        yield Row("memory of evidence compare, peak", whole.peak_mb, "MB", Goal(1000))

    # --- threads and memory

    def scale_rows(self, folder: Path) -> Iterator[Row]:
        """Two threads, little memory, another order of the file."""
        both = self.run("classes", folder, self.repeats, threads=2)
        alone = self.run("classes", folder, self.repeats, is_on_one_core=True)
        speedup = alone.wall_seconds / both.wall_seconds
        idle = "needs two idle cores"
        yield Row("two threads against one on one core, wall", speedup, "x", Goal(1.7, is_least=True), idle)
        yield Row("memory of two versions with comparison, peak", self.two.peak_mb, "MB", Goal(1000))
        little = self.run("classes", folder, 1, memory="256MB")
        more = little.cpu_seconds / self.two.cpu_seconds
        yield Row("with 256 MB for the database, CPU", more, "x", Goal(1.6))
        yield Row("with 256 MB for the database, peak of the process", little.peak_mb, "MB")
        scattered_file(folder)
        scattered = self.run("classes", folder, 1, is_scattered=True)
        yield Row("states in no order, CPU", scattered.cpu_seconds / self.two.cpu_seconds, "x")
        yield Row("states in no order, peak", scattered.peak_mb, "MB", Goal(1000))

    # --- intake

    def ingest_rows(self, kind: str) -> Iterator[Row]:
        """Reading one large export with an anchor for every record."""
        folder = self.cache / f"{kind}-{self.records}"
        write_export(folder, kind, self.records)
        plain = self.warm("read_json", folder, kind=kind)
        per = plain.cpu_seconds
        yield Row("read_json, a record", _microseconds(plain), "µs")
        anchoring = self.warm("anchoring", folder).cpu_seconds
        what = "records found, hashed, strictly parsed; their anchors"
        yield Row(what, anchoring / per, "x", Goal(3.2))
        reading = self.warm("reading", folder).cpu_seconds
        yield Row("  and what each states, as events", reading / per, "x")
        whole = self.run("intake", folder, 1)
        yield Row("  and the tables: the whole intake stage", whole.cpu_seconds / per, "x")
        yield Row("memory of the whole intake stage, peak", whole.peak_mb, "MB", Goal(1000))
        hashed = self.warm("hashing", folder).cpu_seconds
        yield Row("reading and hashing the bytes alone", hashed / per, "x")
        larger = self.cache / f"{kind}-{self.records * LARGER}"
        write_export(larger, kind, self.records * LARGER)
        for what, is_written in (("read and grouped", False), ("and written", True)):
            taken = self.run("ingesting", larger, self.repeats, is_written=is_written)
            seconds = taken.cpu_seconds / LARGER
            yield Row(f"evidence ingest, {what}", seconds / per, "x", note=f"of {taken.count:,} records")
            yield Row("  divided by reading and hashing", seconds / max(hashed, 1e-9), "x")
        yield Row("memory of evidence ingest, peak", taken.peak_mb, "MB", Goal(1000))

    # --- detections

    def detection_rows(self) -> Iterator[Row]:
        """All rules over the records of one export, against taking out what rules look at, and no more."""
        folder, count = self.cache / f"cloudtrail-{self.records}", rule_count()
        write_export(folder, "cloudtrail", self.records)
        write_tables(folder)
        plain = self.warm("extracting", folder)
        per = plain.cpu_seconds
        yield Row("extraction alone, a record", per / self.records * 1e6, "µs", note=f"for {count} rules")
        told = [self.warm("detecting", folder, rule_count=each) for each in (1, FEW, 100, count)]
        for each, taken in zip((1, FEW, 100, count), told, strict=True):
            yield Row(
                f"{each} {'rule' if each == 1 else 'rules'}, from records to hits",
                taken.cpu_seconds / per,
                "x",
            )
        further = (told[-1].cpu_seconds - told[0].cpu_seconds) / (count - 1) / told[0].cpu_seconds
        yield Row("  each further rule, of the first", further, "x")
        singly = self.run("detecting", folder, self.repeats, rule_count=FEW, is_singly=True)
        yield Row(
            f"{FEW} rules one after the other, of {FEW} together",
            singly.cpu_seconds / told[1].cpu_seconds,
            "x",
        )
        larger = self.cache / f"cloudtrail-{self.records * LARGER}"
        write_export(larger, "cloudtrail", self.records * LARGER)
        write_tables(larger)
        more = self.run("detecting", larger, 1, rule_count=count)
        growth = math.log(more.cpu_seconds / told[-1].cpu_seconds) / math.log(LARGER)
        yield Row(f"growth to {self.records * LARGER:,} records, exponent", growth, "")
        yield Row("memory of that, peak", more.peak_mb, "MB", Goal(1000))

    def warm(self, name: str, folder: Path, **options: object) -> Taken:
        """A task whose first run would mostly show what a process does once: the best of several in one."""
        return self.run(name, folder, self.repeats, rounds=ROUNDS, **options)

    # --- side by side

    def contender_rows(self, folder: Path, smaller: Path) -> Iterator[Row]:
        """The kernel and the others; a peer's ratio is to the kernel's time for the same question."""
        pair = self.two.cpu_seconds / self.state_count / 2 * 1e6
        yield Row(
            "full decision: product, one version, end to end",
            _microseconds_of(self.one, self.state_count),
            "µs",
        )
        yield Row("full decision: product, two versions compared, end to end", pair, "µs")
        python = _microseconds(self.run("python", folder, 1))
        yield Row("full decision: generated Python, read from the file", python, "µs")
        yield _ratio("full decision: generated Python / product, end to end", python, pair, 10)
        seconds, count = kernel_rules_seconds(folder, self.bundle)
        rules = seconds / count * 1e6
        sample = Sample(smaller, self.bundle)
        for each in contenders(sample, self.cache / "generated"):
            if each.is_whole_decision:
                yield Row(f"full decision: {each.name}", each.microseconds, "µs", note=each.note)
                yield Row("which rules hold: product's keys, read from the file", rules, "µs")
                continue
            yield Row(f"which rules hold: {each.name}", each.microseconds, "µs", note=each.note)
            least = 150 if "OPA" in each.name else 300
            goal = None if "regopy" in each.name else least
            yield _ratio(f"  {each.name} / product's keys", each.microseconds, rules, goal)
            yield _ratio(f"  {each.name} / product's full decision", each.microseconds, pair, None)
        question = policies_microseconds(sample)
        yield Row("one question to one of the playbook's policies: regopy", question, "µs")


def _ratio(what: str, found: float | None, than: float, least: float | None) -> Row:
    goal = None if least is None else Goal(least, is_least=True)
    return Row(what, None if found is None else found / than, "x", goal)


def _state_count(folder: Path) -> int:
    return int(pq.read_metadata(folder / STATES_FILE).num_rows)


def _microseconds(taken: Taken) -> float:
    return _microseconds_of(taken, taken.count)


def _microseconds_of(taken: Taken, count: int) -> float:
    return taken.cpu_seconds / count * 1e6
