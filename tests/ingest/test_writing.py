"""What an ingest writes: the same events as the originals, the same bytes from the same records."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence.errors import InputError
from evidence.ingest.refused_records import read_records
from evidence.intake.incident_file import load_incident

from .ingesting import ROOT, cloudtrail, falco, ingest, intake_of, lines, put, written

INCIDENTS = ROOT / "fixtures" / "incidents"
RECORDS: list[Any] = [
    *(cloudtrail(60 * n) for n in range(6)),
    *(cloudtrail(60 * n, account="444455556666", actor="dev") for n in range(4)),
    *(cloudtrail(7200 + 60 * n) for n in range(3)),
    falco(30),
    falco(600),
    falco(9000, "search", "search-api"),
]


def events(table: Any) -> Counter[tuple[Any, ...]]:
    """What the events say and when, by the record that states it; where it lies does not matter."""
    columns = ("record_sha256", "pointer", "source", "kind", "name", "event_time", "service_name", "workload")
    return Counter(tuple(row[c] for c in columns) for row in table.select(columns).to_pylist())


def test_intake_of_what_was_written_gives_the_events_of_the_originals(tmp_path: Path) -> None:
    """Every event of the fixtures that an incident took in, and no other, with its digest, name and time."""
    report = ingest(INCIDENTS, into=tmp_path / "in")
    before = events(intake_of_fixtures())
    after = events(intake_of(tmp_path / "in")["intake.evidence_events"])
    placed = {sha256 for sha256, *_ in after}
    held_back = {each[0] for each in before} - placed
    assert {key for key in before if key[0] in placed} == set(after)
    assert report.unplaced >= len(held_back) > 0


def intake_of_fixtures() -> Any:
    from evidence import intake
    from evidence.anchors import sha256_of

    from ..readers.reading import SETTINGS

    return intake.build(ROOT / "fixtures", SETTINGS, sha256_of)["intake.evidence_events"]


def test_a_second_ingest_of_the_same_bytes_writes_nothing(tmp_path: Path) -> None:
    """Under other names too; every incident is reported as unchanged."""
    first = put(tmp_path / "a", {"x.jsonl": lines(RECORDS)})
    second = put(tmp_path / "b", {"y.jsonl.gz": gzip.compress(lines(RECORDS))})
    ingest(first, into=tmp_path / "in")
    before = written(tmp_path / "in")
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "in").glob("[!.]*/*")}
    report = ingest(second, into=tmp_path / "in")
    assert before == written(tmp_path / "in")
    assert stamps == {path: path.stat().st_mtime_ns for path in (tmp_path / "in").glob("[!.]*/*")}
    assert {"unchanged"} == {each.state for each in report.incidents}
    assert (0, len(RECORDS)) == (report.evidence, report.duplicate)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_order_split_and_repetition_do_not_matter(
    data: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The same lines in another order, over other files, repeated, or as arrays give the same bytes."""
    folder = tmp_path_factory.mktemp("ingest")
    ingest(put(folder / "plain", {"all.jsonl": lines(RECORDS)}), into=folder / "one")
    repeated = data.draw(st.lists(st.sampled_from(range(len(RECORDS))), max_size=5))
    order = data.draw(st.permutations([*range(len(RECORDS)), *repeated]))
    bins: dict[int, list[Any]] = {}
    for number in order:
        bins.setdefault(data.draw(st.integers(0, 3)), []).append(RECORDS[number])
    files = {}
    for name, records in bins.items():
        content = lines(records)
        files[f"{name}.log"] = gzip.compress(content) if data.draw(st.booleans()) else content
    report = ingest(put(folder / "split", files), into=folder / "two")
    assert written(folder / "one") == written(folder / "two")
    assert (len(RECORDS), len(repeated)) == (report.evidence, report.duplicate)


def test_late_files_restate_only_what_they_touch(tmp_path: Path) -> None:
    """One incident gets the late record; the others keep their files as they lie there."""
    into = tmp_path / "in"
    ingest(put(tmp_path / "a", {"x": lines(RECORDS)}), into=into)
    before = written(into)
    report = ingest(put(tmp_path / "b", {"late": lines([falco(660)])}), into=into)
    after = written(into)
    changed = {name.partition("/")[0] for name in before | after if before.get(name) != after.get(name)}
    restated = {each.id for each in report.incidents if each.state == "restated"}
    assert changed == restated
    assert 1 == len(changed)


def test_in_two_steps_is_as_at_once(tmp_path: Path) -> None:
    """What came late lies where it would have lain from the start; an incident keeps its first name."""
    late = [record for record in RECORDS if record in (RECORDS[3], RECORDS[8], falco(600))]
    early = [record for record in RECORDS if record not in late]
    ingest(put(tmp_path / "a", {"x": lines(RECORDS)}), into=tmp_path / "once")
    ingest(put(tmp_path / "b", {"x": lines(early)}), into=tmp_path / "twice")
    ingest(put(tmp_path / "c", {"x": lines(late)}), into=tmp_path / "twice")
    assert written(tmp_path / "once") == written(tmp_path / "twice")


def test_what_people_wrote_stays(tmp_path: Path) -> None:
    """A changed title, recorded times and a comment survive a late file; the window is renewed."""
    into = tmp_path / "in"
    ingest(put(tmp_path / "a", {"x": lines([falco(0)])}), into=into)
    [path] = into.glob("*/incident.yaml")
    old, _ = load_incident(path)
    edited = path.read_text().replace("type: security", "type: rollout").replace(old.title, "Ours")
    path.write_text(edited + "recorded:\n  started_at: 2026-01-06T11:59:00Z  # as Mara says\n")
    (path.parent / "notes.txt").write_text("note\n")
    ingest(put(tmp_path / "b", {"y": lines([falco(600)])}), into=into)
    new, _ = load_incident(path)
    assert ("Ours", "rollout", old.recorded.started_at or 1767700740000000000) == (
        new.title,
        new.type,
        new.recorded.started_at,
    )
    assert "# as Mara says" in path.read_text()
    assert old.window.end + 600 * 10**9 == new.window.end
    assert "note\n" == (path.parent / "notes.txt").read_text()


def test_a_late_record_between_two_incidents_makes_them_one(tmp_path: Path) -> None:
    """The earlier keeps its name; what people wrote of the other is kept in it."""
    into = tmp_path / "in"
    report = ingest(put(tmp_path / "a", {"x": lines([falco(0), falco(3000)])}), into=into)
    first, second = (each.id for each in report.incidents)
    report = ingest(put(tmp_path / "b", {"y": lines([falco(1500)])}), into=into)
    assert [(first, [second])] == [(each.id, each.merged) for each in report.incidents]
    assert not (into / second).exists()
    assert (into / first / ".merged" / second / f"{second}.yaml").is_file()
    assert 3 == intake_of(into)["intake.evidence_events"].num_rows


def test_a_document_whose_records_need_it_is_copied_whole(tmp_path: Path) -> None:
    """A webhook that says it left alerts out goes whole; its records count once."""
    alert = {
        "status": "firing",
        "labels": {"alertname": "High", "namespace": "payments", "deployment": "checkout-api"},
        "annotations": {},
        "startsAt": "2026-01-06T12:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "fingerprint": "f1",
    }
    body = {"version": "4", "groupKey": "g", "receiver": "r", "truncatedAlerts": 3, "alerts": [alert]}
    report = ingest(
        put(tmp_path / "a", {"hook.json": json.dumps(body, indent=1).encode()}), into=tmp_path / "in"
    )
    assert (1, 1) == (report.records, report.evidence)
    tables = intake_of(tmp_path / "in")
    assert ["records_truncated"] == tables["intake.declared_gaps"].column("gap").to_pylist()


def test_what_is_refused_is_kept_and_named(tmp_path: Path) -> None:
    """File, line, field and reason; the bytes lie in `refused`."""
    bad = dict(falco(5), time="yesterday")
    report = ingest(
        put(tmp_path / "a", {"x.jsonl": lines([falco(0), bad, b"{]"]), "n.txt": b"hello"}),
        into=tmp_path / "in",
    )
    told = [(Path(r.file).name, r.line, r.field, r.reason) for r in report.refusals]
    assert [
        ("n.txt", 1, "", "unknown_format"),
        ("x.jsonl", 2, "/time", "time_invalid"),
        ("x.jsonl", 3, "", "json_invalid"),
    ] == told
    [kept] = (tmp_path / "in" / "refused").iterdir()
    raw = [b"hello", json.dumps(bad).encode(), b"{]"]
    assert sorted((hashlib.sha256(each).digest(), each) for each in raw) == list(read_records(kept))


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """It is named."""
    with pytest.raises(InputError, match="nowhere: is not there"):
        ingest(tmp_path / "nowhere", into=tmp_path / "in")


def test_a_folder_of_people_is_never_overwritten(tmp_path: Path) -> None:
    """An incident of the same name that no ingest wrote is an error."""
    source = put(tmp_path / "a", {"x": lines([falco(0)])})
    [incident] = ingest(source, into=tmp_path / "in", is_dry=True).incidents
    put(tmp_path / "in" / incident.id, {"own": b"1"})
    with pytest.raises(InputError, match="not from an ingest"):
        ingest(source, into=tmp_path / "in")


def test_the_account_says_where_each_record_went(tmp_path: Path) -> None:
    """By file and offset: the bytes there are those of the record, and the incident named holds it."""
    source = put(tmp_path / "a", {"x.jsonl": lines([*RECORDS, b"{]"])})
    ingest(source, into=tmp_path / "in")
    [path] = (tmp_path / "in" / ".ingest").glob("*.parquet")
    content = (source / "x.jsonl").read_bytes()
    rows = pq.read_table(path).to_pylist()
    assert len(RECORDS) + 1 == len(rows)
    for row in rows:
        raw = content[row["byte_offset"] : row["byte_offset"] + row["byte_length"]]
        assert row["record_sha256"] == hashlib.sha256(raw).hexdigest()
        if row["fate"] == "evidence":
            folder = tmp_path / "in" / row["incident_ids"]
            assert any(raw in file.read_bytes() for file in folder.iterdir())
    assert [("refused", "json_invalid", None)] == [
        (row["fate"], row["reason"], row["incident_ids"]) for row in rows if row["fate"] != "evidence"
    ]
    account = json.loads((tmp_path / "in" / "ingest.json").read_bytes())
    assert len(rows) == sum(share["records"] for share in account["files"][0]["shares"])
