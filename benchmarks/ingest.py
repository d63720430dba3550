"""Measures intake on one large invented export: the product with anchors, and DuckDB's reader without."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb

from evidence import intake, json_strict
from evidence.ingest.pipeline import Request, read_and_group
from evidence.ingest.writing import write
from evidence.intake.layout import Layout
from evidence.intake.records import read_file
from evidence.readers.registry import CONTAINERS
from evidence.settings import load_settings

ROOT = Path(__file__).parents[1]
EXPORT, INCIDENT = "incident/falco.jsonl", "incident/incident.yaml"
SETTINGS = ROOT / "fixtures" / "settings.yaml"
RULES = ("Terminal shell in container", "Unexpected outbound connection destination")
DECLARED = """
    hostname: 'VARCHAR', output: 'VARCHAR', priority: 'VARCHAR', rule: 'VARCHAR', source: 'VARCHAR',
    tags: 'VARCHAR[]', time: 'VARCHAR', output_fields: 'JSON'"""


def write_export(folder: Path, record_count: int) -> Path:
    """One incident with one Falco export of so many records, of 1,100 bytes; the same bytes each time."""
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
        lines = "".join(
            f"{json.dumps(_record(number), separators=(',', ':'))}\n" for number in range(record_count)
        )
        path.write_text(lines, encoding="utf-8")
    return path


def _record(number: int) -> dict[str, object]:
    second, pod = number // 1000, hashlib.sha256(str(number % 97).encode()).hexdigest()
    clock = f"{9 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    time = f"2026-01-12T{clock}.{number % 1000:03}000000Z"
    fields = {
        "container.id": pod[:12],
        "container.image.repository": "registry.example.com/payments/checkout-api",
        "container.image.tag": "2.14.3",
        "container.name": "checkout-api",
        "evt.type": "execve",
        "k8s.cluster.name": "prod-eu1",
        "k8s.ns.name": "payments",
        "k8s.pod.name": f"checkout-api-7d9b6f8f6d-{pod[:5]}",
        "proc.cmdline": f"bash -c step{number}",
        "proc.exepath": "/bin/bash",
        "proc.name": "bash",
        "proc.pname": "runc",
        "proc.tty": 34816,
        "user.loginuid": -1,
        "user.name": "root",
        "user.uid": 0,
    }
    said = " ".join(f"{name.replace('.', '_')}={value}" for name, value in fields.items())
    return {
        "hostname": f"prod-eu1-general-{pod[5:9]}",
        "output": f"{time[11:29]}: Notice A shell was spawned in a container | {said}"[:420],
        "output_fields": fields,
        "priority": "Notice",
        "rule": RULES[number % len(RULES)],
        "source": "syscall",
        "tags": ["T1059", "container", "shell"],
        "time": time,
    }


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
    """The parts of it that find every record, hash its bytes and parse it strictly, and nothing more."""

    def run() -> int:
        data = (folder / EXPORT).read_bytes()
        records = []
        for each in Layout(data, CONTAINERS).documents():
            raw = data[each.start : each.end]
            records.append((each.start, hashlib.sha256(raw).hexdigest(), json_strict.parse(raw)))
        return len(records)

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


def read_json_work(folder: Path) -> Callable[[], int]:
    """DuckDB's reader with declared columns: no anchors, lenient, and no events."""
    connection = duckdb.connect()
    connection.execute("set threads = 1").fetchall()
    path = str(folder / EXPORT).replace("'", "''")
    read = f"read_json('{path}', format = 'newline_delimited', columns = {{{DECLARED}}})"
    sql = f"create table records as from {read}"

    def run() -> int:
        connection.execute(sql).fetchall()
        return int(connection.execute("select count(*) from records").fetchall()[0][0])

    return run
