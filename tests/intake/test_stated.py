"""What counts as one record: what states the same under one identity, however the tool wrote it."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.intake.stated import content_digest, stated_digest
from evidence.readers import READERS, Event, Gap

from ..ingest.ingesting import ingest, intake_of, put
from .copies import EDITED, PAIRS, UNLIKE, repeated
from .folders import INCIDENT, built, lay_out, rows

_LONG = INCIDENT.replace("2026-02-01", "2026-04-01")
# Three tellings of one alert, an Event in three forms, and two that somebody edited.
RECORDS = [
    *(export for value in ("5.3%", "7.1%", "9.9%") for export in [repeated(value)]),
    *PAIRS["an Event of either API"],
    PAIRS["an Event of a list and of a watch"][1],
    EDITED["the severity of an alert"][1],
    EDITED["the time of an Event"][1],
]


def files(exports: tuple[Any, ...]) -> dict[str, bytes]:
    return {f"{number}.json": json.dumps(export).encode() for number, export in enumerate(exports)}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_what_a_tool_tells_twice_is_one_record(pair: tuple[Any, Any], tmp_path: Path) -> None:
    """Read directly and ingested: one is evidence, the other its duplicate, and none is refused."""
    tables = built(lay_out(tmp_path, files(pair), _LONG))
    assert ["duplicate", "evidence"] == sorted(row["status"] for row in rows(tables, "raw_records"))
    report = ingest(put(tmp_path / "exports", files(pair)), into=tmp_path / "in")
    assert [] == report.refusals


@pytest.mark.parametrize("pair", UNLIKE.values(), ids=UNLIKE)
def test_what_a_tool_tells_in_two_ways_is_evidence_twice(pair: tuple[Any, Any], tmp_path: Path) -> None:
    """Neither is the other's copy, and neither contradicts it."""
    tables = built(lay_out(tmp_path, files(pair), _LONG))
    assert ["evidence", "evidence"] == [row["status"] for row in rows(tables, "raw_records")]


@pytest.mark.parametrize("pair", EDITED.values(), ids=EDITED)
def test_what_differs_in_what_decides_is_a_conflict(pair: tuple[Any, Any], tmp_path: Path) -> None:
    """Read directly and ingested: the one that happened later, or has the greater digest, is refused."""
    tables = built(lay_out(tmp_path, files(pair), _LONG))
    refused = rows(tables, "quarantine", "reason", "record_sha256")
    assert ["conflicting_identity"] == [row["reason"] for row in refused]
    report = ingest(put(tmp_path / "exports", files(pair)), into=tmp_path / "in")
    assert refused == [
        {"reason": each.reason, "record_sha256": each.record_sha256} for each in report.refusals
    ]


def test_a_text_on_which_copies_disagree_does_not_stand_at_the_first_time(tmp_path: Path) -> None:
    """Unless it is recorded when it arrived: then that telling counts."""
    pair = files(PAIRS["an alert that is repeated with another value"])
    (event,) = rows(built(lay_out(tmp_path / "open", pair)), "evidence_events", "message")
    assert event["message"] is None
    received = "received: {0.json: 2026-01-14T13:00:00Z, 1.json: 2026-01-14T10:00:00Z}\n"
    dated = built(lay_out(tmp_path / "dated", pair, INCIDENT + received))
    (event,) = rows(dated, "evidence_events", "message", "known_at")
    assert event == {"message": "error rate is 7.1%", "known_at": 1_768_384_800_000_000_000}


def test_a_text_on_which_copies_agree_stays(tmp_path: Path) -> None:
    """Two of a pair of Prometheus differ in the link alone."""
    pair = files(PAIRS["an alert of another Prometheus of a pair"])
    (event,) = rows(built(lay_out(tmp_path, pair)), "evidence_events", "message")
    assert "error rate elevated" == event["message"]


def test_what_people_said_is_what_they_state(tmp_path: Path) -> None:
    """A message with other words under its time is a conflict: words are all that it has."""
    said = {"type": "message", "user": "U1", "ts": "1768382268.000100", "client_msg_id": "m-1"}
    pair = files(([{**said, "text": "rolled back"}], [{**said, "text": "all is well"}]))
    tables = built(lay_out(tmp_path, pair))
    assert ["conflicting_identity"] == [row["reason"] for row in rows(tables, "quarantine")]


def test_every_telling_is_kept_by_an_ingest(tmp_path: Path) -> None:
    """A late one is put beside the first, so that nothing is lost; both again change nothing."""
    first, second = files(PAIRS["an alert that is repeated with another value"]).values()
    ingest(put(tmp_path / "a", {"a.json": first}), into=tmp_path / "in")
    report = ingest(put(tmp_path / "b", {"b.json": second}), into=tmp_path / "in")
    assert (1, ["restated"]) == (report.duplicate, [each.state for each in report.incidents])
    (exported,) = (tmp_path / "in").glob("*/alertmanager_webhook.jsonl")
    assert [b"5.3%" in exported.read_bytes(), b"7.1%" in exported.read_bytes()] == [True, True]
    again = ingest(tmp_path / "a", tmp_path / "b", into=tmp_path / "in")
    assert ["unchanged"] == [each.state for each in again.incidents]


def contents(exports: list[Any], names: list[str], folder: Path) -> tuple[Any, ...]:
    """What intake makes of the exports, one to a file or several: directly, and through an ingest."""
    given_files = {
        name: b"\n".join(json.dumps(export).encode() for export in part)
        for name, part in zip(names, _parts(exports, len(names)), strict=True)
    }
    direct = built(lay_out(folder / "direct", given_files, _LONG))
    ingest(put(folder / "exports", given_files), into=folder / "in")
    through = intake_of(folder / "in")
    return tuple(
        sorted(
            (row["record_sha256"], row["pointer"], row["event_time"], row["message"] or "")
            for row in rows(tables, "evidence_events")
        )
        for tables in (direct, through)
    )


def _parts(exports: list[Any], count: int) -> list[list[Any]]:
    """As many parts of neighbours as there are names; one file holds one tool's records."""
    size = -(-len(exports) // count)
    return [exports[start : start + size] for start in range(0, size * count, size)]


@pytest.mark.slow
@settings(max_examples=6)
@given(
    alerts=st.permutations([RECORDS[0], RECORDS[1], RECORDS[2], RECORDS[6]]),
    events=st.permutations([RECORDS[3], RECORDS[4], RECORDS[5], RECORDS[7]]),
    cuts=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    names=st.permutations([f"{letter}.json" for letter in "abcdefgh"]),
)
def test_order_splits_and_names_do_not_matter(
    alerts: list[Any], events: list[Any], cuts: tuple[int, int], names: list[str]
) -> None:
    """The same events with the same texts, directly and through an ingest."""
    with tempfile.TemporaryDirectory() as folder:
        found = tuple(
            contents(each, list(names[: min(cut, len(each))]), Path(folder) / str(cut_of))
            for cut_of, (each, cut) in enumerate(zip((alerts, events), cuts, strict=True))
        )
    assert EXPECTED == found


def _expected() -> tuple[Any, ...]:
    with tempfile.TemporaryDirectory() as folder:
        return tuple(
            contents(each, ["x.json"], Path(folder) / str(number))
            for number, each in enumerate(
                (
                    [RECORDS[0], RECORDS[1], RECORDS[2], RECORDS[6]],
                    [RECORDS[3], RECORDS[4], RECORDS[5], RECORDS[7]],
                )
            )
        )


EXPECTED = _expected()


def test_both_ways_give_the_same_events() -> None:
    """And there are some of each: one alert, an Event that began and was counted up."""
    assert [(1, 1), (2, 2)] == [(len(direct), len(through)) for direct, through in EXPECTED]
    assert all(direct == through for direct, through in EXPECTED)


def test_what_detections_read_as_it_is_has_one_content() -> None:
    """There a change in any field counts; keys, spaces and notation of numbers do not."""
    verbatim = {reader.format for reader in READERS if reader.is_verbatim}
    assert {"cloudtrail", "falco_json", "kubernetes_audit"} <= verbatim
    assert content_digest(b'{"a": 1.0, "b": 2}') == content_digest(b'{"b":2,"a":1.00}')
    assert content_digest(b'{"a": 1}') != content_digest(b'{"a": 2}')


def test_what_is_stated_has_no_order() -> None:
    """Of events, of their columns and of gaps; an absent column and a null one are the same."""
    one: Event = {
        "kind": "metric",
        "name": "a",
        "event_time": 1,
        "event_time_text": "1",
        "measure_value": 2**70,
    }
    same: Event = {"event_time_text": "1.0", "event_time": 1, "name": "a", "kind": "metric", "route": None}
    same["measure_value"] = 2**70
    other: Event = {**one, "measure_value": 1}
    gaps = [Gap("partial_result", "x", "y", "/a"), Gap("source_warning", "x", "y")]
    assert stated_digest([one, other], gaps) == stated_digest([other, same], gaps[::-1])
    assert stated_digest([one], gaps) != stated_digest([one], gaps[:1])
    assert stated_digest([one], ()) != stated_digest([other], ())
