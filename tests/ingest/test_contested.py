"""Several records of one identity: which counts does not depend on the order of calls, and none is lost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.ingest.refused_records import read_records

from .ingesting import cloudtrail, falco, ingest, intake_of, lines, put, written

DAY = 9 * 3600


def bears(record: dict[str, Any], identity: str) -> dict[str, Any]:
    """The record under another's identity."""
    return {**record, "eventID": identity}


def otherwise_written(record: dict[str, Any]) -> bytes:
    """The same content in other bytes."""
    return json.dumps(dict(reversed(record.items())), separators=(", ", ":")).encode()


def digest(record: bytes) -> str:
    """SHA-256 of the record's bytes."""
    return hashlib.sha256(record).hexdigest()


def plain(record: dict[str, Any]) -> bytes:
    """The record's bytes as `lines` writes them."""
    return json.dumps(record).encode()


ANCHORS = [cloudtrail(0), cloudtrail(3000), cloudtrail(DAY), cloudtrail(5, account="444455556666")]
FIRST, BRIDGE = bears(cloudtrail(60, name="DeleteTrail"), "one"), bears(cloudtrail(1500), "two")
COPIES = sorted([plain(FIRST), otherwise_written(FIRST)], key=digest)
# What stands between two copies: it loses against the one and wins over the other.
BETWEEN = next(
    record
    for record in (plain({**FIRST, "eventName": f"Put{number}"}) for number in range(1000))
    if digest(COPIES[0]) < digest(record) < digest(COPIES[1])
)
OTHERS: list[Any] = [
    *COPIES,
    BETWEEN,
    bears(cloudtrail(61, name="StopLogging"), "one"),
    bears(cloudtrail(60, name="ListTrails"), "one"),
    bears(cloudtrail(DAY + 60, name="DeleteTrail"), "one"),
    bears(cloudtrail(70, account="444455556666"), "one"),
    otherwise_written(bears(cloudtrail(61, name="StopLogging"), "one")),
    BRIDGE,
    bears(cloudtrail(3060), "two"),
    bears(cloudtrail(DAY - 1900), "two"),
    otherwise_written(BRIDGE),
    bears(cloudtrail(200, name="ListUsers"), "two"),
]


def refused(into: Path) -> set[bytes]:
    """The bytes among what was refused."""
    return {data for _, data in read_records(into / "refused" / "records.txt")}


def evidence(into: Path) -> set[bytes]:
    """The bytes of incidents, and of what belongs to none."""
    files = [path for path in into.glob("[!.]*/*.json*") if path.parent.name not in ("refused", "catalog")]
    return {line for path in files for line in path.read_bytes().splitlines()}


def tables(into: Path) -> dict[str, str]:
    """Every intake table, of which all others are made."""
    return {name: str(table.to_pylist()) for name, table in intake_of(into).items()}


def in_calls(folder: Path, into: Path, calls: Sequence[Sequence[Any]]) -> None:
    """Ingest each list of records by a call of its own."""
    for number, records in enumerate(calls):
        ingest(put(folder / str(number), {"x.jsonl": lines(records)}), into=into)


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], set[bytes], set[bytes]]:
    """The tables, the evidence and what is refused where all come in one call."""
    folder = tmp_path_factory.mktemp("at-once")
    in_calls(folder, folder / "in", [[*ANCHORS, *OTHERS]])
    return tables(folder / "in"), evidence(folder / "in"), refused(folder / "in")


def test_every_record_is_evidence_or_refused(at_once: tuple[Any, set[bytes], set[bytes]]) -> None:
    """None is both, and none is lost."""
    _, held, lost = at_once
    assert set(lines([*ANCHORS, *OTHERS]).splitlines()) == held | lost
    assert set() == held & lost
    assert len(lost) > 5


@pytest.mark.slow
@settings(max_examples=5, deadline=None)
@given(order=st.permutations(OTHERS), cuts=st.sets(st.integers(1, len(OTHERS) - 1), max_size=3))
def test_the_order_of_calls_does_not_matter(
    at_once: tuple[Any, ...], order: list[Any], cuts: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In any order and splits: the same tables, the same evidence and the same among what is refused."""
    folder = tmp_path_factory.mktemp("contested")
    bounds = [0, *sorted(cuts), len(order)]
    calls = [order[start:end] for start, end in pairwise(bounds)]
    into = folder / "in"
    in_calls(folder, into, [ANCHORS, *calls])
    assert at_once == (tables(into), evidence(into), refused(into))


def test_a_run_decides_as_an_ingest(at_once: tuple[Any, Any, set[bytes]], tmp_path: Path) -> None:
    """Of the same records, never ingested, it quarantines those that an ingest refuses."""
    day = "{from: 2026-01-06T00:00:00Z, to: 2026-01-08T00:00:00Z}"
    declared = f"id: one\ntitle: One\ntype: security\nwindow: {day}\n".encode()
    put(tmp_path / "in" / "one", {"incident.yaml": declared, "x.jsonl": lines([*ANCHORS, *OTHERS])})
    quarantined = intake_of(tmp_path / "in")["intake.quarantine"].column("record_sha256").to_pylist()
    assert sorted(map(digest, at_once[2])) == sorted(quarantined)


def test_the_loser_that_was_evidence_is_kept_and_told(tmp_path: Path) -> None:
    """Its bytes are among what was refused, the incident is restated, report and account say so; once."""
    into = tmp_path / "in"
    held, forged = FIRST, bears(cloudtrail(59, name="ListTrails"), "one")
    [before] = ingest(put(tmp_path / "a", {"x": lines([ANCHORS[0], held])}), into=into).incidents
    report = ingest(put(tmp_path / "b", {"y": lines([forged])}), into=into)
    assert {plain(held)} == refused(into)
    assert {plain(ANCHORS[0]), plain(forged)} == evidence(into)
    assert [(before.id, "restated")] == [(each.id, each.state) for each in report.incidents]
    assert (1, 0, 1) == (report.evidence, report.refused, report.displaced)
    [told] = report.refusals
    assert ("conflicting_identity", before.id) == (told.reason, told.held_by)
    rows = [row for path in (into / ".ingest").glob("*.parquet") for row in pq.read_table(path).to_pylist()]
    assert {"evidence", "refused"} == {r["fate"] for r in rows if r["record_sha256"] == told.record_sha256}
    again = ingest(put(tmp_path / "b", {"y": lines([forged])}), into=into)
    assert (0, [("unchanged")]) == (again.displaced, [each.state for each in again.incidents])


def test_an_incident_far_away_in_time_is_read_again(tmp_path: Path) -> None:
    """It holds the identity that a new record bears: one of both counts."""
    into = tmp_path / "in"
    late = bears(cloudtrail(DAY + 60, name="DeleteTrail"), "one")
    ingest(put(tmp_path / "a", {"x": lines([ANCHORS[2], late])}), into=into)
    report = ingest(put(tmp_path / "b", {"y": lines([ANCHORS[0], FIRST])}), into=into)
    assert {plain(late)} == refused(into)
    assert ["new", "restated"] == [each.state for each in report.incidents]


def test_an_incident_whose_first_record_lost_stays_one(tmp_path: Path) -> None:
    """It keeps its name, and what people wrote in it, by the other records that it holds."""
    into = tmp_path / "in"
    first = bears(cloudtrail(0, name="CreateUser"), "one")
    rest = [cloudtrail(60), cloudtrail(120)]
    [before] = ingest(put(tmp_path / "a", {"x": lines([first, *rest])}), into=into).incidents
    (into / before.id / "notes.md").write_text("ours\n")
    report = ingest(put(tmp_path / "b", {"y": lines([bears(ANCHORS[0], "one")])}), into=into)
    winner = min(plain(first), plain(bears(ANCHORS[0], "one")), key=digest)
    assert [before.id] == [each.id for each in report.incidents]
    assert {winner, *map(plain, rest)} == evidence(into)
    assert "ours\n" == (into / before.id / "notes.md").read_text()


@pytest.mark.parametrize("name", ["DeleteTrail", "ListTrails"])
def test_an_incident_of_which_all_records_lost_is_put_away(tmp_path: Path, name: str) -> None:
    """It goes where its winner goes; where that is no incident its folder is kept, and no run reads it."""
    into = tmp_path / "in"
    held = bears(cloudtrail(60, name="DeleteTrail"), "one")
    [before] = ingest(put(tmp_path / "a", {"x": lines([held])}), into=into).incidents
    (into / before.id / "notes.md").write_text("ours\n")
    forged = bears(cloudtrail(59, account="444455556666", name=name), "one")
    report = ingest(put(tmp_path / "b", {"y": lines([forged, falco(0)])}), into=into)
    assert {plain(held)} == refused(into)
    assert {plain(forged), plain(falco(0))} == evidence(into)
    is_signal = name == "DeleteTrail"
    assert (
        ([], True)
        if is_signal
        else ([before.id], False)
        == (
            report.dissolved,
            before.id in [each.id for each in report.incidents],
        )
    )
    kept = into / before.id if is_signal else into / ".merged" / before.id
    assert "ours\n" == (kept / "notes.md").read_text()


def test_what_lost_counts_again_as_a_copy_of_what_wins_later(tmp_path: Path) -> None:
    """It leaves what is refused: the order in which three records came is not seen."""
    into = tmp_path / "in"
    in_calls(tmp_path / "a", into, [[ANCHORS[0], BETWEEN], [COPIES[1]]])
    assert {COPIES[1]} == refused(into)
    in_calls(tmp_path / "b", into, [[COPIES[0]]])
    assert {BETWEEN} == refused(into)
    assert {plain(ANCHORS[0]), *COPIES} == evidence(into)


def test_what_was_refused_stays_so_however_often_it_comes(tmp_path: Path) -> None:
    """A second time it changes nothing."""
    into = tmp_path / "in"
    source = put(tmp_path / "a", {"x": lines([*ANCHORS, *OTHERS])})
    first = ingest(source, into=into)
    before = written(into), refused(into)
    again = ingest(source, into=into)
    assert before == (written(into), refused(into))
    assert (first.refused, 0) == (again.refused, again.displaced)
    assert {"unchanged"} == {each.state for each in again.incidents}
