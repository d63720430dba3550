"""Mutated records of every format end in evidence, as a duplicate or in quarantine; nothing else happens."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from evidence.ingest.pipeline import REFUSALS_HELD_MAX
from expectations.tables import TABLES
from expectations.tables.intake import QUARANTINE_REASONS

from ..ingest.ingesting import ingest, intake_of, put
from ..intake.folders import INCIDENT, built, lay_out, rows, write
from ..readers.reading import reading_of
from ..readers.samples import FALCO
from ..readers.test_mutations import check
from .mutants import FORMATS, Mutant, damaged_parquet, mutants, sample

QUICK, THOROUGH = 500, 10_000
BATCH = 2500  # of the thorough ones at once, so that a failure is found soon
CPU_SECONDS_MAX_PER_RECORD = 0.05  # a hundred times what one takes
RANGES = {"integer": 2**31, "bigint": 2**63}
TYPES = {column.name: column.type.value for column in TABLES["intake.evidence_events"].columns}
SOUND = json.dumps(FALCO).encode()

numbers = pytest.mark.parametrize(
    ("first", "count"),
    [
        pytest.param(0, QUICK, id="quick"),
        *(
            pytest.param(first, BATCH, marks=pytest.mark.slow, id=f"from {first}")
            for first in range(0, THOROUGH, BATCH)
        ),
    ],
)


@lru_cache(maxsize=len(FORMATS))
def some(format_: str, first: int, count: int) -> tuple[Mutant, ...]:
    """Made once for all tests of the same numbers."""
    return tuple(mutants(format_, first, count))


def as_lines(changed: Sequence[Mutant]) -> bytes:
    """Sound records before and behind; the first tells what the file is."""
    first = json.dumps(sample(changed[0].format)).encode()
    return b"\n".join((first, *(each.content for each in changed), SOUND)) + b"\n"


def blaming(changed: Sequence[Mutant], run: Callable[[Sequence[Mutant]], Any]) -> None:
    """Run; when it fails, look for one mutant that fails by itself, and name it."""
    try:
        run(changed)
        return
    except Exception as failure:
        whole = failure
    left = changed
    while len(left) > 1:
        halves = (left[: len(left) // 2], left[len(left) // 2 :])
        failing = next((half for half in halves if _fails(half, run)), None)
        if failing is None:
            break
        left = failing
    again = left[0].again if len(left) == 1 else f"{len(left)} together, from {left[0].again}"
    raise AssertionError(f"to reproduce: {again}\n{whole!r}") from whole


def _fails(changed: Sequence[Mutant], run: Callable[[Sequence[Mutant]], Any]) -> bool:
    try:
        run(changed)
    except Exception:
        return True
    return False


@numbers
@pytest.mark.parametrize("format_", FORMATS)
def test_a_mutant_by_itself_is_read_or_refused(format_: str, first: int, count: int) -> None:
    """Every byte is in a record, every record has a fate, every value fits its column; time is bounded."""
    before = time.process_time()
    blaming(some(format_, first, count), lambda changed: [_check(each) for each in changed])
    assert time.process_time() - before < CPU_SECONDS_MAX_PER_RECORD * count


def _check(changed: Mutant) -> None:
    check(changed.content)
    for record in reading_of(changed.content).records:
        for event in record.events:
            for key, value in event.items():
                bound = RANGES.get(TYPES[key])
                assert bound is None or value is None or -bound <= value < bound, key


@numbers
def test_a_damaged_parquet_file_is_read_or_refused(first: int, count: int) -> None:
    """Rows that can still be read are records; else the file is refused, never more than once."""
    damaged = [damaged_parquet(number) for number in range(first, first + count)]
    blaming(damaged, lambda changed: [check(each.content) for each in changed])
    assert 0 < sum(not each.reason for one in damaged for each in reading_of(one.content).records)


@numbers
def test_mutants_among_sound_records_are_accounted_for(tmp_path: Path, first: int, count: int) -> None:
    """Read = evidence + duplicate + quarantined, in an incident per format; sound records are evidence."""
    every = [some(format_, first, count) for format_ in FORMATS]
    folder = tmp_path / "all"
    for changed in every:
        write(folder / "incidents" / changed[0].format / "x.jsonl", as_lines(changed))
        named = INCIDENT.replace("inc-1", changed[0].format.replace("_", "-"))
        write(folder / "incidents" / changed[0].format / "incident.yaml", named.encode())
    lay_out(folder, {})
    try:
        _account_for(built(folder), count)
    except Exception:
        for changed in every:
            blaming(changed, lambda part: built(lay_out(tmp_path / "one", {"x.jsonl": as_lines(part)})))
        raise


def _account_for(tables: Any, count: int) -> None:
    files = {row["format"]: row for row in rows(tables, "files")}
    assert set(FORMATS) == set(files)
    for file in files.values():
        fates = (file["evidence_count"], file["duplicate_count"], file["quarantined_count"])
        assert file["record_count"] == sum(fates)
        assert file["record_count"] >= count * 9 // 10  # an array that a change has emptied holds none
        assert 0 < fates[0] and count // 10 < fates[2]
    assert {row["reason"] for row in rows(tables, "quarantine")} <= set(QUARANTINE_REASONS)
    assert len(rows(tables, "raw_records")) == sum(file["record_count"] for file in files.values())


@numbers
def test_an_ingest_of_mutants_adds_up(tmp_path: Path, first: int, count: int) -> None:
    """Of all formats at once; what it writes is read again, and is evidence there too, or a copy of it."""
    every = [some(format_, first, count) for format_ in FORMATS]
    put(tmp_path / "a", {f"{changed[0].format}.jsonl": as_lines(changed) for changed in every})
    try:
        _ingested(tmp_path / "a", tmp_path / "in")
    except Exception:
        for changed in every:
            blaming(changed, lambda part: _ingested_alone(part, tmp_path))
        raise


def _ingested(source: Path, into: Path) -> None:
    report = ingest(source, into=into)
    assert report.records == report.evidence + report.duplicate + report.unplaced + report.refused
    assert min(report.refused, REFUSALS_HELD_MAX) == len(report.refusals)
    assert {each.reason for each in report.refusals} <= set(QUARANTINE_REASONS)
    [account] = (into / ".ingest").glob("*.parquet")
    fates = pq.read_table(account, columns=["record_sha256", "fate"]).to_pylist()
    assert report.records == len(fates)
    tables = intake_of(into)
    # Of copies that state the same, the one that stands may be another, as they lie in other files now.
    read = ("evidence", "duplicate")
    again = {row["record_sha256"] for row in rows(tables, "raw_records") if row["status"] in read}
    # A document is written whole, and with it the losers of conflicts: intake settles those by itself.
    again |= {
        row["record_sha256"] for row in rows(tables, "quarantine") if row["reason"] == "conflicting_identity"
    }
    assert {row["record_sha256"] for row in fates if row["fate"] == "evidence"} <= again


def _ingested_alone(changed: Sequence[Mutant], folder: Path) -> None:
    name = f"{changed[0].number}-{len(changed)}"
    _ingested(
        put(folder / "part" / changed[0].format / name, {"x.jsonl": as_lines(changed)}),
        folder / "into" / changed[0].format / name,
    )


def test_mutants_are_the_same_on_every_run_and_hardly_ever_alike() -> None:
    """So that a number says which one it was."""
    for format_ in FORMATS:
        one, other = list(mutants(format_, 0, 50)), list(mutants(format_, 0, 50))
        assert one == other
        assert len({each.content for each in one}) > 45
