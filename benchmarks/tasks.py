"""Owns what is measured: each task runs in a process of its own, so that nothing is warm or shared.

`python -m benchmarks.tasks '<json>'` prints what one task took: CPU (user and system) and wall seconds of
the work itself, without start and imports, and the peak memory of the whole process.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import duckdb

from benchmarks import ingest

ROOT = Path(__file__).parents[1]
STATES_FILE = "incident_states.parquet"
SCATTERED_FILE = "scattered.parquet"  # not named like a table of the history
LONG_SECONDS = 10  # what takes longer is measured once


@dataclass(frozen=True)
class Taken:
    """What a task took, and what it counted."""

    cpu_seconds: float
    wall_seconds: float
    peak_mb: float
    count: int


def run(name: str, folder: Path, repeats: int = 1, **options: Any) -> Taken:
    """The task in a process of its own; of several runs the medians, and the highest peak."""
    call = json.dumps({"name": name, "folder": str(folder), **options})
    found: list[Taken] = []
    while len(found) < repeats and not (found and found[0].cpu_seconds > LONG_SECONDS):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.tasks", call], cwd=ROOT, check=True, stdout=subprocess.PIPE
        )
        found.append(Taken(**json.loads(done.stdout)))
    return Taken(
        median(each.cpu_seconds for each in found),
        median(each.wall_seconds for each in found),
        max(each.peak_mb for each in found),
        found[0].count,
    )


def run_here(name: str, folder: Path, repeats: int = 1, **options: Any) -> Taken:
    """The task once, in this process: quick, and good for everything but the figures."""
    return _take(name, folder, options)


def scattered_file(folder: Path) -> Path:
    """A copy of the states in the order of their hashes: an incident's moments lie anywhere."""
    target = folder / SCATTERED_FILE
    if not target.exists():
        order = "order by md5(incident_id || moment), incident_id, moment"
        with duckdb.connect() as connection:
            connection.execute(f"set temp_directory = '{folder / 'sorting'}'").fetchall()
            connection.execute("set memory_limit = '2GB'").fetchall()
            copied = f"copy (from '{folder / STATES_FILE}' {order}) to '{target}.part' (format parquet)"
            connection.execute(copied).fetchall()
        Path(f"{target}.part").rename(target)
    return target


# --- in the process of the task


def scan(folder: Path, threads: int = 1) -> Callable[[], int]:
    """The bare scan: sums of the columns that the replay reads."""
    from benchmarks.scan import columns_of, scan_sql

    connection = _opened(folder, threads)
    sql = scan_sql(columns_of(connection, _bundles(1), STATES), STATES)
    connection.execute(sql).fetchall()  # so that nobody waits for the disk
    return lambda: len(connection.execute(sql).fetchall())


def replay(folder: Path, versions: int, threads: int = 1) -> Callable[[], int]:
    """The product's decisions of record of so many versions."""
    from simulator.replays.replay import replay_slices

    connection = _opened(folder, threads)
    slices = replay_slices(connection, _bundles(versions), with_recommendations=False)
    return lambda: sum(each.decisions.num_rows for each in slices)


def classes(
    folder: Path, threads: int = 1, *, memory: str = "", is_scattered: bool = False
) -> Callable[[], int]:
    """Two versions decided and compared: changes classed and counted, as `evidence compare` begins."""
    from simulator.comparison.classification import classify
    from simulator.comparison.summary import summarise

    connection = _opened(folder, threads, is_scattered=is_scattered)
    if memory:
        connection.execute(f"set memory_limit = '{memory}'").fetchall()
    old, new = _bundles(2)

    def compare_all() -> int:
        classify(connection, (old, new))
        return summarise(connection, []).incident_count

    return compare_all


def compare(folder: Path, threads: int = 1, *, is_attributed: bool = False) -> Callable[[], int]:
    """The whole comparison that `evidence compare --history` makes, from opening the history on."""
    from simulator.comparison.compare import Side, compare
    from simulator.histories.history import open_folder

    old, new = _bundles(2)

    def run_all() -> int:
        history = open_folder(folder)
        history.connection.execute(f"set threads = {threads}").fetchall()
        sides = Side(old, "active"), Side(new, "variant")
        return len(compare(history, *sides, is_attributed=is_attributed).changed)

    return run_all


def python(folder: Path, states_max: int = 100_000) -> Callable[[], int]:
    """The generated Python function from the file to the decisions, one state at a time."""
    import pyarrow.parquet as pq

    from benchmarks.generated_python import compile_decide
    from benchmarks.python_conditions import columns_used

    bundle = _bundles(1)[0]
    decide, columns = compile_decide(bundle, folder.parent / "generated"), list(columns_used(bundle))
    file = pq.ParquetFile(folder / STATES_FILE)

    def decide_all() -> int:
        decided: list[Any] = []
        for batch in file.iter_batches(batch_size=10_000, columns=columns, use_threads=False):
            values = [batch.column(name).to_pylist() for name in columns]
            decided += [decide(state) for state in zip(*values, strict=True)]
            if len(decided) >= states_max:
                break
        return len(decided)

    return decide_all


def intake(folder: Path) -> Callable[[], int]:
    """The whole intake stage on one large export."""
    return ingest.intake_work(folder)


def anchoring(folder: Path) -> Callable[[], int]:
    """Finding, hashing and parsing that export's records."""
    return ingest.anchoring_work(folder)


def reading(folder: Path) -> Callable[[], int]:
    """Reading that export into records with anchors."""
    return ingest.reading_work(folder)


def hashing(folder: Path) -> Callable[[], int]:
    """Reading and hashing that export."""
    return ingest.hashing_work(folder)


def ingesting(folder: Path, *, is_written: bool = False) -> Callable[[], int]:
    """Ingesting that export, with or without the writing."""
    return ingest.ingesting_work(folder, is_written=is_written)


def read_json(folder: Path, kind: str) -> Callable[[], int]:
    """DuckDB's reader on that export."""
    return ingest.read_json_work(folder, kind)


def extracting(folder: Path) -> Callable[[], int]:
    """Taking out the fields of all rules of that export's records."""
    from benchmarks import detections

    return detections.extracting_work(folder)


def detecting(folder: Path, rule_count: int, *, is_singly: bool = False) -> Callable[[], int]:
    """So many rules on that export's records."""
    from benchmarks import detections

    return detections.detecting_work(folder, rule_count, is_singly=is_singly)


STATES = "enrichment.incident_states"
TASKS = {
    each.__name__: each
    for each in (
        scan,
        replay,
        classes,
        compare,
        python,
        intake,
        anchoring,
        reading,
        hashing,
        ingesting,
        read_json,
        extracting,
        detecting,
    )
}


def _bundles(versions: int) -> list[Any]:
    """The active bundle and variants of it."""
    from benchmarks.variants import variants
    from evidence.decision import load_active

    return variants(load_active(ROOT / "playbooks"), versions)


def _opened(folder: Path, threads: int, *, is_scattered: bool = False) -> Any:
    import pyarrow as pa

    from evidence.tables import open_memory

    pa.set_cpu_count(threads)
    connection = open_memory()
    connection.execute(f"set threads = {threads}").fetchall()
    connection.execute(f"set temp_directory = '{folder / 'spill'}'").fetchall()
    states = SCATTERED_FILE if is_scattered else STATES_FILE
    for schema, table, file in (
        ("enrichment", "incident_states", states),
        ("intake", "incidents", "incidents.parquet"),
    ):
        connection.execute(f"create schema {schema}").fetchall()
        connection.execute(f"create view {schema}.{table} as from read_parquet('{folder / file}')").fetchall()
    return connection


def _take(name: str, folder: Path, options: dict[str, Any]) -> Taken:
    """Prepare the task, then do and time it; its threads count as well. Of `rounds` the quickest counts."""
    rounds = options.pop("rounds", 1)
    with _one_core() if options.pop("is_on_one_core", False) else contextlib.nullcontext():
        work = TASKS[name](folder, **options)
        found = [_timed(work) for _ in range(rounds)]
    cpu_seconds, wall_seconds, count = min(found)
    return Taken(cpu_seconds, wall_seconds, _peak_mb(), count)


@contextlib.contextmanager
def _one_core() -> Iterator[None]:
    """Keep to one core: on two, a database with one thread works while Arrow and Python do, on both."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _timed(work: Callable[[], int]) -> tuple[float, float, int]:
    """(CPU seconds, seconds by the clock on the wall, what was counted)."""
    cpu, wall = time.process_time(), time.perf_counter()
    count = work()
    return time.process_time() - cpu, time.perf_counter() - wall, count


def _peak_mb() -> float:
    """Most memory that this process has held; ru_maxrss would begin at what its parent had held."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    """Run the task of the command line and print what it took."""
    options = json.loads(sys.argv[1])
    taken = _take(options.pop("name"), Path(options.pop("folder")), options)
    sys.stdout.write(json.dumps(asdict(taken)))


if __name__ == "__main__":
    main()
