"""Measures intake on one large invented export: the product with anchors, and DuckDB's reader without."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa

from benchmarks.exports import RECORDS
from evidence import intake, json_strict
from evidence.ingest.pipeline import Request, read_and_group
from evidence.ingest.writing import write
from evidence.intake.records import read_file
from evidence.record_lines import deep_length, lines_of
from evidence.settings import load_settings

ROOT = Path(__file__).parents[1]
EXPORT, INCIDENT = "incident/export.jsonl", "incident/incident.yaml"
SETTINGS = ROOT / "fixtures" / "settings.yaml"
_ANCHORS = pa.schema([("start", pa.int64()), ("length", pa.int64()), ("sha256", pa.binary())])


def write_export(folder: Path, kind: str, record_count: int) -> Path:
    """One incident with one export of so many records of that kind; the same bytes each time."""
    (folder / INCIDENT).parent.mkdir(parents=True, exist_ok=True)
    (folder / INCIDENT).write_text(
        "id: inc-9001-invented\ntitle: An invented export\ntype: security\n"
        "window: {from: 2026-01-12T08:00:00Z, to: 2026-01-12T13:00:00Z}\n"
        "recorded:\n  started_at: 2026-01-12T10:13:37Z\n",
        encoding="utf-8",
    )
    shutil.copytree(ROOT / "fixtures" / "catalog", folder / "catalog", dirs_exist_ok=True)
    path = folder / EXPORT
    if not path.exists():
        record_of = RECORDS[kind].invent
        with path.open("w", encoding="utf-8") as handle:
            for number in range(record_count):
                handle.write(f"{json.dumps(record_of(number), separators=(',', ':'))}\n")
    return path


def intake_work(folder: Path) -> Callable[[], int]:
    """The whole intake stage: anchors, strict parsing, events, tables. Returns records."""
    settings = load_settings(SETTINGS)

    def run() -> int:
        tables = intake.build(folder, settings, lambda content: hashlib.sha256(content).hexdigest())
        if tables["intake.quarantine"].num_rows:
            raise ValueError(f"{tables['intake.quarantine'].num_rows} invented records are refused")
        return int(tables["intake.raw_records"].num_rows)

    return run


def anchoring_work(folder: Path) -> Callable[[], int]:
    """The parts of it that find every record, hash it and parse it strictly; the anchors become a table."""
    connection = _one_thread()

    def run() -> int:
        data = (folder / EXPORT).read_bytes()
        deep = deep_length(data)
        starts, lengths, digests = [], [], []
        for start, line in lines_of(data):
            if line:
                json_strict.parse(line, len(line) < deep)
                starts.append(start)
                lengths.append(len(line))
                digests.append(hashlib.sha256(line).digest())
        connection.register("found", pa.table([starts, lengths, digests], schema=_ANCHORS))
        connection.execute("create or replace table anchors as from found").fetchall()
        connection.unregister("found")
        return len(starts)

    return run


def reading_work(folder: Path) -> Callable[[], int]:
    """The part of it up to records with their anchors and what they state, before they become tables."""
    settings = load_settings(SETTINGS)
    return lambda: len(read_file((folder / EXPORT).read_bytes(), settings, None).records)


def hashing_work(folder: Path) -> Callable[[], int]:
    """The same bytes read and hashed, and nothing more: what any ingest with digests costs at least."""

    def run() -> int:
        with (folder / EXPORT).open("rb") as handle:
            return len(hashlib.file_digest(handle, "sha256").digest())

    return run


def ingesting_work(folder: Path, *, is_written: bool) -> Callable[[], int]:
    """`evidence ingest`: every record indexed and grouped, and (`is_written`) copied into its incident."""
    settings = load_settings(SETTINGS)

    def run() -> int:
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            request = Request((folder / EXPORT,), Path(scratch) / "in", settings)
            done = read_and_group(request, Path(scratch) / "index")
            report = write(done) if is_written else done.report
            done.index.close()
        assert report is not None
        return report.records

    return run


def read_json_work(folder: Path, kind: str) -> Callable[[], int]:
    """DuckDB's reader with declared columns: no anchors, lenient, and no events."""
    connection = _one_thread()
    path = str(folder / EXPORT).replace("'", "''")
    columns = RECORDS[kind].declared
    read = f"read_json('{path}', format = 'newline_delimited', columns = {{{columns}}})"

    def run() -> int:
        connection.execute(f"create or replace table records as from {read}").fetchall()
        return int(connection.execute("select count(*) from records").fetchall()[0][0])

    return run


def _one_thread() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set threads = 1").fetchall()
    return connection
