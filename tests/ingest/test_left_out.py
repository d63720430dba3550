"""What an ingest gave to no incident is told of those that may miss it, whatever file it lay in."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from evidence import enrichment, handoff, quality
from evidence.anchors import sha256_of
from evidence.decision import decide
from evidence.intake import build as read_incidents
from evidence.intake.left_out import INGEST_GAPS
from evidence.settings import load_settings
from evidence.tables import open_memory, register

from ..handoff.made import BUNDLE
from .ingesting import ROOT, cloudtrail, falco, ingest, intake_of, lines, put

FIXTURES = ROOT / "fixtures"
DAMAGED = FIXTURES / "incidents" / "inc-0125-damaged-exports"
WATCH_ERROR = {
    "type": "ERROR",
    "object": {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Expired", "code": 410},
}
POD_EVENT = {
    "type": "ADDED",
    "object": {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "checkout.1", "namespace": "payments", "uid": "e-1", "resourceVersion": "7"},
        "involvedObject": {
            "kind": "Pod",
            "namespace": "payments",
            "name": "checkout-api-7d9b6f8f6d-xk2tw",
        },
        "reason": "BackOff",
        "message": "Back-off restarting failed container",
        "type": "Warning",
        "firstTimestamp": "2026-01-06T12:00:10Z",
        "lastTimestamp": "2026-01-06T12:00:10Z",
        "count": 1,
        "source": {"component": "kubelet"},
    },
}
EMPTY_ANSWER = {
    "status": "success",
    "warnings": ["could not reach the store of january"],
    "data": {"resultType": "matrix", "result": []},
}
HALF = lines([{"time": falco(30)["time"], **falco(30)}])[:-6]
NAMELESS = b'{"half": '


def left_out(into: Path) -> list[dict[str, Any]]:
    """The lines of the file, without the digests."""
    path = into / INGEST_GAPS
    found = [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []
    return [{name: value for name, value in line.items() if name != "sha256"} for line in found]


def gaps(into: Path, *kinds: str) -> list[tuple[str, str, str, int]]:
    """(what the incident is named for, source, gap, count) of `quality.completeness`, of these kinds."""
    with open_memory() as connection:
        register(connection, intake_of(into))
        rows = quality.build_completeness(connection)["quality.completeness"].to_pylist()
    return [
        (row["incident_id"][11:-9], row["source"], row["gap"], row["gap_count"])
        for row in rows
        if row["gap"] in kinds
    ]


def decided(root: Path) -> tuple[list[tuple[str, str]], int, list[str]]:
    """((source, gap) of what is lacking, confidence, the handoff's unknowns) of the one incident there."""
    settings = load_settings(FIXTURES / "settings.yaml")
    with open_memory() as connection:
        register(connection, read_incidents(root, settings, sha256_of))
        completeness = quality.build_completeness(connection)
        register(connection, completeness)
        register(connection, enrichment.build(connection, settings, BUNDLE.grading, BUNDLE.detections))
        register(connection, quality.build_minimum_context(connection))
        register(connection, decide(connection, BUNDLE))
        [(confidence,)] = connection.sql("select confidence from decision.decisions").fetchall()
        [package] = [
            json.loads(content)
            for name, content in handoff.build(connection, BUNDLE, settings).files.items()
            if name.endswith(".json")
        ]
    kinds = {(row["source"], row["gap"]) for row in completeness["quality.completeness"].to_pylist()}
    return sorted(kinds), confidence, [unknown["sentence"] for unknown in package["unknowns"]]


@pytest.mark.slow
def test_damaged_exports_end_alike_read_directly_and_ingested(tmp_path: Path) -> None:
    """The same kinds of gap, the same confidence, and the handoff tells what could not be read."""
    (tmp_path / "catalog").symlink_to(FIXTURES / "catalog")
    shutil.copytree(DAMAGED, tmp_path / "direct" / DAMAGED.name)
    exports = {path.name: path.read_bytes() for path in DAMAGED.iterdir() if ".json" in path.name}
    manifest = tmp_path / "manifest.yaml"
    manifest.write_text(f"incidents:\n  - {{id: {DAMAGED.name}, type: security, files: ['e/*']}}\n")
    ingest(put(tmp_path / "e", exports), into=tmp_path / "ingested", manifest=manifest)
    direct, ingested = decided(tmp_path / "direct"), decided(tmp_path / "ingested")
    assert ("falco", "records_quarantined") in direct[0]
    assert {gap for _, gap in direct[0]} == {gap for _, gap in ingested[0]}
    assert direct[1] == ingested[1] < 80
    told = [sentence for sentence in ingested[2] if "when the exports were taken in" in sentence]
    assert any(sentence.startswith("Falco: records quarantined: “4 records") for sentence in told)


LINES = [*lines([falco(0), falco(1), cloudtrail(2, name="DeleteTrail")]).splitlines(), HALF, NAMELESS]


def whole(*pieces: bytes) -> bytes:
    return b"".join(piece + b"\n" for piece in pieces)


LAYOUTS = {
    "one": {"a": whole(*LINES)},
    "reversed": {"z": whole(*reversed(LINES))},
    "twice and packed": {"a": whole(*LINES), "b.gz": gzip.compress(whole(*LINES))},
    "each by itself": {str(number): whole(piece) for number, piece in enumerate(LINES)},
    "the broken among another tool's": {
        "a": whole(*LINES[:2]),
        "b": whole(LINES[2], *LINES[3:]),
    },
}


@pytest.mark.parametrize("name", [name for name in LAYOUTS if name != "one"])
def test_what_is_left_out_is_the_same_however_files_are_split(tmp_path: Path, name: str) -> None:
    """A broken record is its own bytes: its neighbours say neither what it is nor why it cannot be read."""
    for each in ("one", name):
        ingest(put(tmp_path / each / "e", LAYOUTS[each]), into=tmp_path / each / "in")
    one, other = (tmp_path / each / "in" for each in ("one", name))
    assert 2 == len(left_out(one))
    assert (one / INGEST_GAPS).read_bytes() == (other / INGEST_GAPS).read_bytes()
    assert intake_of(one)["intake.declared_gaps"] == intake_of(other)["intake.declared_gaps"]


@pytest.mark.slow
def test_files_that_come_one_after_another_leave_the_same_as_together(tmp_path: Path) -> None:
    """In either order, and a second time nothing changes."""
    pieces = LAYOUTS["each by itself"]
    for name, order in (("forth", list(pieces)), ("back", list(reversed(pieces)))):
        for number in order * 2:
            ingest(put(tmp_path / name / number, {number: pieces[number]}), into=tmp_path / name / "in")
    ingest(put(tmp_path / "all", pieces), into=tmp_path / "in")
    expected = (tmp_path / "in" / INGEST_GAPS).read_bytes()
    assert expected == (tmp_path / "forth" / "in" / INGEST_GAPS).read_bytes()
    assert expected == (tmp_path / "back" / "in" / INGEST_GAPS).read_bytes()


def test_what_has_a_time_counts_for_the_incident_at_that_time_alone(tmp_path: Path) -> None:
    """What has none counts for all with evidence of its source; what nobody knows counts for all."""
    undated = json.dumps(falco(5) | {"time": "noon"}).encode()
    content = lines([falco(0), falco(40_000, "web", "shop"), HALF, undated, NAMELESS])
    ingest(put(tmp_path / "a", {"x": content}), into=tmp_path / "in")
    refused = "records_quarantined"
    assert [
        ("checkout-api", "", refused, 1),
        ("checkout-api", "falco", refused, 2),
        ("web-shop", "", refused, 1),
        ("web-shop", "falco", refused, 1),
    ] == gaps(tmp_path / "in", refused)


def test_another_source_is_not_lowered_for_it(tmp_path: Path) -> None:
    """Where one incident has evidence of the source, those without are complete without it."""
    trails = [cloudtrail(second, name="DeleteTrail") for second in (40_000, 40_001)]
    undated = json.dumps(falco(5) | {"time": "noon"}).encode()
    ingest(put(tmp_path / "a", {"x": lines([falco(0), undated]), "y": lines(trails)}), into=tmp_path / "in")
    assert ["falco"] == [source for _, source, _, _ in gaps(tmp_path / "in", "records_quarantined")]


def test_a_source_none_of_whose_records_can_be_read_counts_for_all(tmp_path: Path) -> None:
    """Nobody knows then what it would have said of which incident."""
    undated = json.dumps(falco(5) | {"time": "noon"}).encode()
    trails = lines([cloudtrail(0, name="DeleteTrail")])
    ingest(put(tmp_path / "a", {"x": trails, "y": lines([undated])}), into=tmp_path / "in")
    assert [("111122223333-ci", "falco", "records_quarantined", 1)] == gaps(
        tmp_path / "in", "records_quarantined"
    )


def test_what_can_be_read_later_is_no_longer_left_out(tmp_path: Path) -> None:
    """An alert without an end is refused until somebody says when its file arrived."""
    alert = {
        "labels": {"alertname": "Errors", "namespace": "payments", "service": "checkout-api"},
        "annotations": {},
        "status": "resolved",
        "startsAt": "2026-01-06T12:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "fingerprint": "ab12",
        "generatorURL": "",
    }
    webhook = {"version": "4", "groupKey": "g", "status": "resolved", "receiver": "r", "alerts": [alert]}
    webhook |= {"groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": ""}
    folder = put(tmp_path / "a", {"hook.json": json.dumps(webhook).encode()})
    ingest(folder, into=tmp_path / "in")
    assert ["alertmanager"] == [line["source"] for line in left_out(tmp_path / "in")]
    manifest = tmp_path / "manifest.yaml"
    manifest.write_text("incidents: []\nreceived: {a/hook.json: 2026-01-06T12:30:00Z}\n")
    ingest(folder, into=tmp_path / "in", manifest=manifest)
    assert [] == left_out(tmp_path / "in")


@pytest.mark.parametrize("files", [("events.json", "error.json"), ("both.json",)])
def test_a_record_that_states_only_a_gap_reaches_the_incidents_of_its_source(
    tmp_path: Path, files: tuple[str, ...]
) -> None:
    """A watch that ended with an error: before it or after it, in its file or in another."""
    known = {
        "events.json": lines([POD_EVENT]),
        "error.json": lines([WATCH_ERROR]),
        "both.json": lines([POD_EVENT, WATCH_ERROR]),
    }
    for name in files:
        ingest(put(tmp_path / name, {name: known[name]}), into=tmp_path / "in")
    expected = [("checkout-api", "kubernetes_events", "partial_result", 1)]
    assert expected == gaps(tmp_path / "in", "partial_result")


def test_an_answer_without_records_that_warns_is_left_out_and_told(tmp_path: Path) -> None:
    """A query that found nothing and says that it could not look everywhere."""
    files = {"x": lines([falco(0)]), "p.json": json.dumps(EMPTY_ANSWER, indent=1).encode()}
    report = ingest(put(tmp_path / "a", files), into=tmp_path / "in")
    assert (2, 1, 1) == (report.records, report.evidence, report.unplaced)
    expected = [("checkout-api", "prometheus", "source_warning", 1)]
    assert expected == gaps(tmp_path / "in", "source_warning")
