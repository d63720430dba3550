"""Damaged exports: counts add up, a second ingest changes nothing, intake finds all that was placed."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from .ingesting import ROOT, ingest, intake_of, written

EXPORTS = sorted(
    path
    for path in (ROOT / "fixtures" / "incidents").rglob("*")
    if path.is_file() and path.name not in ("incident.yaml", "README.md")
)
TOKENS = (b"\n", b"{", b"}", b'"', b"\xff", b"[", b"null", b"9" * 400, b"\\ud800", b"-1e999")


def mutated(content: bytes, chance: random.Random) -> bytes:
    """The bytes with a few of them changed, lost, repeated or put in between; or cut off."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        place, length = chance.randrange(len(data) or 1), chance.randint(1, 200)
        kind = chance.randrange(5)
        if kind == 0:
            data[place : place + 1] = bytes([chance.randrange(256)])
        elif kind == 1:
            del data[place : place + length]
        elif kind == 2:
            data[place:place] = data[chance.randrange(len(data) or 1) :][:length]
        elif kind == 3:
            del data[place:]
        else:
            data[place:place] = chance.choice(TOKENS)
    return bytes(data)


def check(folder: Path, seed: int) -> None:
    """Ingest sixty damaged exports twice, and read with intake what was written."""
    chance = random.Random(seed)
    source, into = folder / f"exports-{seed}", folder / f"incidents-{seed}"
    source.mkdir()
    for number in range(60):
        (source / str(number)).write_bytes(mutated(chance.choice(EXPORTS).read_bytes(), chance))
    report = ingest(source, into=into)
    assert report.records == report.evidence + report.duplicate + report.unplaced + report.refused
    before = written(into)
    [account] = (into / ".ingest").glob("*.parquet")
    placed = {row["record_sha256"] for row in pq.read_table(account).to_pylist() if row["fate"] == "evidence"}
    again = ingest(source, into=into)
    assert (0, {"unchanged"}, before) == (
        again.evidence,
        {each.state for each in again.incidents},
        written(into),
    )
    read = intake_of(into)["intake.evidence_events"].column("record_sha256").to_pylist()
    assert set() == placed - set(read)


# 12: a document cut off among others; 25: one record in several documents; the rest at random.
@pytest.mark.parametrize("seed", [0, 12, 25])
def test_damaged_exports_end_in_evidence_duplicate_unplaced_or_refused(seed: int, tmp_path: Path) -> None:
    """Whatever the damage; nothing raises."""
    check(tmp_path, seed)


@pytest.mark.slow
def test_damaged_exports_in_large_numbers(tmp_path: Path) -> None:
    """Two thousand four hundred damaged files."""
    for seed in range(100, 140):
        check(tmp_path, seed)
