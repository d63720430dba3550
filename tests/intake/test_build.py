"""From a folder to the intake tables: anchors, counts, duplicates, conflicts, arrival."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from evidence.errors import InputError
from evidence.intake import build
from evidence.tables import conform

from ..readers.samples import CLOUDTRAIL
from ..readers.security_lake import version_2
from .folders import INCIDENT, SETTINGS, built, lay_out, rows, sha256, write

SECOND = 1_000_000_000


def alert(number: int, **more: Any) -> dict[str, Any]:
    at = f"2026-01-06T10:15:{number:02d}Z"
    return {"rule": f"rule {number}", "priority": "Notice", "output": "text", "time": at, **more}


def call(number: int, **more: Any) -> dict[str, Any]:
    return {
        "eventID": f"id-{number}",
        "eventName": "GetObject",
        "eventSource": "s3.amazonaws.com",
        "eventTime": f"2026-01-06T11:00:{number:02d}Z",
        **more,
    }


def lines(*records: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def array(*records: dict[str, Any]) -> bytes:
    return json.dumps({"Records": list(records)}, indent=1).encode()


def test_every_table_keeps_its_contract(tmp_path: Path) -> None:
    """Also with nothing but an empty export."""
    for exports in (
        {"a.json": array()},
        {"a.log": lines(alert(1)) + b"noise\n", "b.json": array(call(1), call(1))},
    ):
        tables = built(lay_out(tmp_path, exports))
        assert sorted(tables) == [
            "intake.declared_gaps",
            "intake.dependencies",
            "intake.evidence_events",
            "intake.files",
            "intake.incident_records",
            "intake.incidents",
            "intake.quarantine",
            "intake.raw_records",
            "intake.reviews",
            "intake.services",
            "intake.unclaimed_files",
        ]
        assert [name for name, table in tables.items() if conform(name, table) != table] == []


def test_an_anchor_gives_back_the_bytes(tmp_path: Path) -> None:
    """Offset and length in the unpacked file, digest of the record, digest of the file as it lies on disk."""
    exports = {
        "a.log": b"start\n" + lines(alert(1), alert(2)),
        "b.json.gz": gzip.compress(array(call(1), call(2))),
    }
    root = lay_out(tmp_path, exports)
    records = rows(built(root), "raw_records")
    assert len(records) == 5
    for record in records:
        on_disk = (root / record["path"]).read_bytes()
        unpacked = gzip.decompress(on_disk) if record["path"].endswith(".gz") else on_disk
        raw = unpacked[record["byte_offset"] :][: record["byte_length"]]
        assert sha256(on_disk) == record["file_sha256"]
        assert sha256(raw) == record["record_sha256"]
        assert raw.decode() == record["raw"]


def test_an_event_id_is_the_digest_of_record_and_pointer(tmp_path: Path) -> None:
    """The first 32 hex digits; nothing of the file's name or place is in it."""
    event = rows(built(lay_out(tmp_path, {"a.log": lines(alert(1))})), "evidence_events")[0]
    expected = hashlib.sha256((event["record_sha256"] + event["pointer"]).encode()).hexdigest()[:32]
    assert event["event_id"] == expected


def test_records_are_counted_by_their_fate(tmp_path: Path) -> None:
    """Read = evidence + duplicate + quarantined, for every file."""
    exports = {"a.log": b"noise\n" + lines(alert(1), alert(1), alert(2)), "b.txt": b"nothing known"}
    counted = rows(built(lay_out(tmp_path, exports)), "files")
    keys = ("format", "record_count", "evidence_count", "duplicate_count", "quarantined_count")
    assert [tuple(row[key] for key in keys) for row in counted] == [
        ("falco_json", 4, 2, 1, 1),
        (None, 1, 0, 0, 1),
    ]


def test_the_same_bytes_are_evidence_once(tmp_path: Path) -> None:
    """Within a file and across files; events are not doubled."""
    tables = built(lay_out(tmp_path, {"b.log": lines(alert(1)), "a.log": lines(alert(1), alert(1))}))
    assert [row["status"] for row in rows(tables, "raw_records")] == ["evidence", "duplicate", "duplicate"]
    assert len(rows(tables, "evidence_events")) == 1


def test_one_identity_written_in_another_order_is_a_duplicate(tmp_path: Path) -> None:
    """The same content in other bytes is the same record."""
    other = dict(reversed(call(1).items()))
    tables = built(lay_out(tmp_path, {"a.json": array(call(1)), "b.json": array(other)}))
    assert sorted(row["status"] for row in rows(tables, "raw_records")) == ["duplicate", "evidence"]
    assert rows(tables, "quarantine") == []


def test_one_identity_with_other_content_is_a_conflict(tmp_path: Path) -> None:
    """One is kept, the other quarantined with its reason, and copies of it too."""
    changed = call(1, sourceIPAddress="203.0.113.9")
    tables = built(lay_out(tmp_path, {"a.json": array(call(1), changed, changed)}))
    statuses = [row["status"] for row in rows(tables, "raw_records")]
    assert sorted(statuses) in (
        ["duplicate", "evidence", "quarantined"],
        ["evidence", "quarantined", "quarantined"],
    )
    (refused,) = rows(tables, "quarantine", "reason", "field")
    assert refused == {"reason": "conflicting_identity", "field": ""}
    assert len(rows(tables, "evidence_events")) == 1


@pytest.mark.parametrize(
    ("arrivals", "kept"),
    [
        ({}, "cloudtrail"),
        ({"trail.json": "12:00", "lake.jsonl": "12:00"}, "cloudtrail"),
        ({"trail.json": "12:00", "lake.jsonl": "11:30"}, "ocsf"),
        ({"trail.json": "11:30", "lake.jsonl": "12:00"}, "cloudtrail"),
    ],
)
def test_one_call_in_two_forms_is_one_call(tmp_path: Path, arrivals: dict[str, str], kept: str) -> None:
    """What arrives first is evidence, of equals CloudTrail's own log."""
    made = {**CLOUDTRAIL, "eventTime": "2026-01-06T11:00:00Z"}
    forms = {"lake.jsonl": array(version_2(made)), "trail.json": array(made)}
    received = "".join(f'  {name}: "2026-01-06T{at}:00Z"\n' for name, at in arrivals.items())
    tables = built(lay_out(tmp_path, forms, INCIDENT + (f"received:\n{received}" if received else "")))
    records = rows(tables, "raw_records", "format", "status")
    assert [kept] == [row["format"] for row in records if row["status"] == "evidence"]
    assert ["duplicate"] == [row["status"] for row in records if row["format"] != kept]
    assert 1 == len(rows(tables, "evidence_events"))


def test_a_form_that_says_otherwise_than_the_log_is_refused(tmp_path: Path) -> None:
    """The lake's, whichever arrives first; other calls are none of its forms."""
    made = {**CLOUDTRAIL, "eventTime": "2026-01-06T11:00:00Z"}
    other = version_2({**made, "eventName": "DeleteBucket"})
    unrelated = version_2({**made, "eventID": "another"})
    forms = {"lake.jsonl": array(other, unrelated), "trail.json": array(made)}
    tables = built(lay_out(tmp_path, forms, INCIDENT + 'received: {lake.jsonl: "2026-01-06T11:10:00Z"}\n'))
    assert ["conflicting_identity"] == [row["reason"] for row in rows(tables, "quarantine")]
    assert 2 == len(rows(tables, "evidence_events"))


@pytest.mark.parametrize(
    ("changed", "reasons"),
    [
        ({"sourceIPAddress": "192.0.2.66"}, ["conflicting_identity"]),
        ({"recipientAccountId": "444455556666"}, ["conflicting_identity"]),
        ({"userIdentity": {**CLOUDTRAIL["userIdentity"], "accessKeyId": "AKIA7"}}, ["conflicting_identity"]),
        ({"sourceIPAddress": None}, []),
        ({"userAgent": "another"}, []),
    ],
)
def test_a_form_that_names_another_caller_is_refused(
    changed: dict[str, Any], reasons: list[str], tmp_path: Path
) -> None:
    """Actor, address, account and credential count where both forms tell them."""
    made = {**CLOUDTRAIL, "eventTime": "2026-01-06T11:00:00Z"}
    forms = {"lake.jsonl": array(version_2({**made, **changed})), "trail.json": array(made)}
    tables = built(lay_out(tmp_path, forms))
    assert reasons == [row["reason"] for row in rows(tables, "quarantine")]
    assert 1 == len(rows(tables, "evidence_events"))


def test_an_identity_counts_within_its_incident_only(tmp_path: Path) -> None:
    """Two incidents may hold the same record, each as evidence."""
    root = lay_out(tmp_path, {"a.json": array(call(1))})
    write(root / "incidents" / "other" / "incident.yaml", INCIDENT.replace("inc-1", "inc-2").encode())
    write(root / "incidents" / "other" / "a.json", array(call(1)))
    assert [row["status"] for row in rows(built(root), "raw_records")] == ["evidence", "evidence"]


def test_evidence_arrives_after_its_source_s_delay(tmp_path: Path) -> None:
    """Where the export does not record its arrival."""
    (event,) = rows(built(lay_out(tmp_path, {"a.json": array(call(1))})), "evidence_events")
    assert event["known_at"] - event["event_time"] == 171 * SECOND
    assert event["known_at_basis"] == "delay"


def test_a_recorded_arrival_counts_but_never_before_the_event(tmp_path: Path) -> None:
    """Both records lie in a file that arrived between them."""
    incident = INCIDENT + "received: {a.json: 2026-01-06T11:00:02Z}\n"
    events = rows(built(lay_out(tmp_path, {"a.json": array(call(1), call(3))}, incident)), "evidence_events")
    assert sorted((event["known_at"] - event["event_time"], event["known_at_basis"]) for event in events) == [
        (0, "recorded"),
        (1 * SECOND, "recorded"),
    ]


def test_a_record_that_arrives_long_before_it_happens_shows_a_skewed_clock(tmp_path: Path) -> None:
    """By more than a minute, of a recorded arrival, and once per source."""
    for arrival, expected in (("10:59:02", []), ("10:58:59", [("aws_cloudtrail", "arrival")])):
        incident = INCIDENT + f"received: {{a.json: 2026-01-06T{arrival}Z}}\n"
        tables = built(lay_out(tmp_path / arrival[-2:], {"a.json": array(call(1), call(2))}, incident))
        gaps = [row for row in rows(tables, "declared_gaps") if row["gap"] == "clock_skewed"]
        assert [(row["source"], row["subject"]) for row in gaps] == expected
    assert gaps[0]["detail"].startswith("its clock is 62 s or more ahead")


def test_of_two_copies_the_earlier_arrival_counts(tmp_path: Path) -> None:
    """Whatever the files are called."""
    known = set()
    for early, late in (("a.json", "b.json"), ("b.json", "a.json")):
        incident = INCIDENT + f"received: {{{early}: 2026-01-06T12:00:00Z, {late}: 2026-01-09T12:00:00Z}}\n"
        folder = tmp_path / early
        tables = built(lay_out(folder, {"a.json": array(call(1)), "b.json": array(call(1))}, incident))
        known |= {row["known_at"] for row in rows(tables, "evidence_events")}
    assert known == {1767700800 * SECOND}


def test_declared_gaps_are_kept_with_their_arrival(tmp_path: Path) -> None:
    """Of records, and of the object around them, which counts from its first record."""
    masked = call(1, requestParameters={"password": "HIDDEN_DUE_TO_SECURITY_REASONS"})
    page = {"log_entries": [], "more": True}
    exports = {"a.json": array(masked), "b.json": json.dumps(page).encode()}
    gaps = rows(
        built(lay_out(tmp_path, exports)),
        "declared_gaps",
        "source",
        "gap",
        "pointer",
        "known_at",
        "is_envelope",
    )
    assert gaps == [
        {
            "source": "aws_cloudtrail",
            "gap": "fields_masked",
            "pointer": "/requestParameters/password",
            "known_at": (1767697201 + 171) * SECOND,
            "is_envelope": False,
        },
        {
            "source": "pagerduty",
            "gap": "more_available",
            "pointer": "/more",
            "known_at": 1769904000 * SECOND,
            "is_envelope": True,
        },
    ]


def test_quarantine_says_where_and_why(tmp_path: Path) -> None:
    """Line, offset, pointer and reason of the refused record."""
    exports = {"a.log": lines(alert(1)) + lines(alert(2, time="2026-01-06T012:48:30Z"))}
    (row,) = rows(built(lay_out(tmp_path, exports)), "quarantine")
    assert (row["reason"], row["field"], row["line"], row["ordinal"]) == ("time_invalid", "/time", 2, 1)
    assert row["byte_offset"] == len(lines(alert(1)))


def test_all_read_bytes_are_kept(tmp_path: Path) -> None:
    """Every export and catalogue file is handed over to be stored."""
    kept: list[bytes] = []

    def keep(content: bytes) -> str:
        kept.append(content)
        return sha256(content)

    root = lay_out(tmp_path, {"a.json": array(call(1)), "deep/b.log": lines(alert(1))})
    build(root, SETTINGS, keep)
    exports = [array(call(1)), lines(alert(1)), (root / "catalog" / "all.yaml").read_bytes()]
    assert sorted(kept) == sorted(exports)


def test_the_catalogue_may_lie_beside_the_incidents(tmp_path: Path) -> None:
    """`fixtures` and `fixtures/incidents` are both good roots."""
    root = lay_out(tmp_path, {"a.json": array(call(1))})
    assert rows(built(root / "incidents"), "services", "path") == [{"path": "../catalog/all.yaml"}]
    assert rows(built(root), "services", "path") == [{"path": "catalog/all.yaml"}]


def test_our_own_files_and_hidden_ones_are_no_exports(tmp_path: Path) -> None:
    """incident.yaml, README.md and the file system's droppings."""
    exports = {"README.md": b"# text", ".DS_Store": b"\x00", ".git/config": b"x", "a.json": array()}
    assert [row["path"] for row in rows(built(lay_out(tmp_path, exports)), "files")] == [
        "incidents/inc-1/a.json"
    ]


def test_an_id_belongs_to_one_incident(tmp_path: Path) -> None:
    """The second folder of the same id is named."""
    root = lay_out(tmp_path, {})
    write(root / "incidents" / "other" / "incident.yaml", INCIDENT.encode())
    with pytest.raises(InputError, match=r"the id inc-1 is taken by"):
        built(root)


def test_an_incident_within_another_is_refused(tmp_path: Path) -> None:
    """Its exports would belong to both."""
    root = lay_out(tmp_path, {})
    nested = root / "incidents" / "inc-1" / "inner" / "incident.yaml"
    write(nested, INCIDENT.replace("inc-1", "inc-2").encode())
    with pytest.raises(InputError, match="within another incident"):
        built(root)


@pytest.mark.parametrize("missing", ["incidents", "catalog"])
def test_an_empty_root_says_what_is_missing(tmp_path: Path, missing: str) -> None:
    """A root without incidents or catalogue."""
    root = lay_out(tmp_path / "root", {})
    (root / missing).rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match=r"incident.yaml|no catalog"):
        built(root)
